"""Benchmark: packed models damaged at random, and lied about with the right digests."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import torch

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.isolation import in_a_fork
from qbert_lightning.benchmarks.mutations_damage import CONTAINER_DAMAGES, DAMAGES
from qbert_lightning.benchmarks.mutations_hostile import LIES, hostile, hostile_header
from qbert_lightning.benchmarks.mutations_seeds import Seed, make_seeds
from qbert_lightning.benchmarks.mutations_trial import (
    CRASHED,
    HANG_SECONDS,
    HARMLESS,
    MUCH_MEMORY,
    REFUSED,
    SLOW_SECONDS,
    WRONG,
    attempt,
    put,
)
from qbert_lightning.errors import QbertError
from qbert_lightning.export.checkpoint import MODEL_FILE

CHUNK = 1000  # attempts of one process
HEADER_LIE = "header"
COMPANION_SHARE = 0.15  # of damages that hit another file than the tensors
COLUMNS = ("tried", REFUSED, HARMLESS, WRONG, CRASHED, "slow", "memory")
KEPT_FAILURES = 20


@dataclass(frozen=True, kw_only=True)
class MutationBenchmark(Benchmark):
    """Damages packed models and loads them; each must be refused or load unchanged.

    Most are damaged at random, which the digests must notice. The others lie about
    their structure and have digests that are right, so every one must be refused by
    what it says. Refused means one line with exit code 4.

    Attributes:
        count: How many in all.
        hostile: How many of them lie.
        seed: Of all choices.

    Raises:
        QbertError: For a number out of range.
    """

    name: ClassVar[str] = "mutations"

    count: int = 2000
    hostile: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if self.count < 1:
            raise QbertError(f"bench.count={self.count}: accepted 1 or more")
        if not 0 <= self.hostile <= self.count:
            raise QbertError(
                f"bench.hostile={self.hostile}: accepted 0 to bench.count={self.count}"
            )

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        seeds = make_seeds(folder / "seeds")
        tables: dict[str, Counter[str]] = {}
        failures: list[dict[str, Any]] = []
        for start in range(0, self.count, CHUNK):
            numbers = range(start, min(start + CHUNK, self.count))
            place = folder / f"damaged-{start}"
            place.mkdir()
            found = in_a_fork(
                lambda place=place, numbers=numbers: self.chunk(seeds, place, numbers)
            )
            shutil.rmtree(place)
            if "error" in found:
                found = {"counts": {"process": {CRASHED: 1}}, "failures": [found]}
            for mutation, counts in found["counts"].items():
                tables.setdefault(mutation, Counter()).update(counts)
            failures += found["failures"]
            say(f"  {numbers.stop} of {self.count}: {_summary(tables)}")
        return self._outcome(tables, failures)

    def chunk(
        self, seeds: tuple[Seed, ...], place: Path, numbers: range
    ) -> dict[str, Any]:
        """Counts by mutation, and what went wrong, of some of the attempts.

        Args:
            seeds: What is damaged.
            place: An empty folder for the damaged files.
            numbers: Which attempts; each is a pure function of its number.
        """
        torch.set_num_threads(1)
        there: dict[str, Mapping[str, bytes]] = {}
        counts: dict[str, Counter[str]] = {}
        failures = []
        for number in numbers:
            seed, mutation, files = self.mutated(seeds, number)
            folder = place / seed.name.replace(" ", "-")
            put(folder, files, there.get(seed.name, {}))
            there[seed.name] = files
            verdict = attempt(seed, folder)
            is_lie = number < self.hostile
            outcome = verdict.outcome
            if is_lie and outcome == HARMLESS:  # the lie was believed
                outcome = WRONG
            notes = {
                "slow": verdict.seconds > SLOW_SECONDS,
                "memory": verdict.more_memory > MUCH_MEMORY,
            }
            row = counts.setdefault(mutation, Counter())
            row.update(["tried", outcome, *(note for note, on in notes.items() if on)])
            if outcome in (WRONG, CRASHED) or any(notes.values()):
                failures.append(
                    {"number": number, "mutation": mutation, "of": seed.name}
                    | asdict(verdict)
                )
        return {"counts": counts, "failures": failures}

    def mutated(
        self, seeds: tuple[Seed, ...], number: int
    ) -> tuple[Seed, str, Mapping[str, bytes]]:
        """What attempt ``number`` damages, how, and the files that come out."""
        random = Random(f"{self.seed}-{number}")
        if number < self.hostile:
            seed = random.choice([seed for seed in seeds if seed.is_model])
            lie = random.choice((*LIES, HEADER_LIE))
            if lie == HEADER_LIE:
                return seed, _lie(lie), hostile_header(seed.files, random)
            return seed, _lie(lie), hostile(seed.files, lie, random)
        seed = random.choice(seeds)
        others = [name for name in seed.files if name != MODEL_FILE]
        is_other = random.random() < COMPANION_SHARE
        name = random.choice(others) if is_other else MODEL_FILE
        damages = DAMAGES if is_other else CONTAINER_DAMAGES
        damage = random.choice([*damages])
        content = damages[damage](seed.files[name], random)
        return seed, damage, {**seed.files, name: content}

    def _outcome(
        self, tables: Mapping[str, Counter[str]], failures: list[dict[str, Any]]
    ) -> Outcome:
        total = sum(tables.values(), Counter())
        rows = {**dict(_ordered(tables)), "all": total}
        return Outcome(
            title=f"{self.count} damaged packed models, {self.hostile} of them signed",
            columns=("mutation", *COLUMNS),
            rows=tuple(
                (name, *(str(row[column]) for column in COLUMNS))
                for name, row in rows.items()
            ),
            notes=(
                "refused: exit code 4 and one line; harmless: loaded, equal to the bit",
                f"slow: over {SLOW_SECONDS:.0f} s of processor time; memory: over "
                f"{MUCH_MEMORY // 2**20} MB more; without an answer after "
                f"{HANG_SECONDS:.0f} s: crashed",
                "rows 'signed …' have digests that are right: all must be refused",
                "read as whole models, but for the file of 1 tensor (1 in 9 of the "
                "rows not signed)",
            ),
            measurements=tuple(failures[:KEPT_FAILURES]),
            facts={
                "settings": asdict(self),
                "totals": {column: total[column] for column in COLUMNS},
            },
        )


def _lie(name: str) -> str:
    return f"signed {name}"


def _ordered(
    tables: Mapping[str, Counter[str]],
) -> Iterator[tuple[str, Counter[str]]]:
    """Damages, then lies, each in the order of their tables."""
    names = (*CONTAINER_DAMAGES, *map(_lie, (*LIES, HEADER_LIE)))
    known = [name for name in names if name in tables]
    for name in (*known, *(set(tables) - set(known))):
        yield name, tables[name]


def _summary(tables: Mapping[str, Counter[str]]) -> str:
    total = sum(tables.values(), Counter())
    return ", ".join(f"{total[column]} {column}" for column in COLUMNS[1:])
