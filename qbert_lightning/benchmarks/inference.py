"""Benchmark: answers of deployed models beside PyTorch float32 and other engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.contestant import Contestant, Place
from qbert_lightning.benchmarks.inference_ours import Deployed
from qbert_lightning.benchmarks.inference_peers import PEERS, UNIT, versions
from qbert_lightning.benchmarks.inference_process import ContestantProcess
from qbert_lightning.benchmarks.inference_table import (
    Found,
    columns,
    notes,
    rows,
    unit_of,
)
from qbert_lightning.benchmarks.inference_texts import filled_batches, save_series
from qbert_lightning.benchmarks.installed import not_installed
from qbert_lightning.errors import ENVIRONMENT, FAILED, USAGE, QbertError
from qbert_lightning.runtimes.base import Runtime

TEXTS = 256  # of the task, to make rows of
# Instead of training: latency and memory are the same.
CALIBRATED = ("method._target_=qbert_lightning.methods.PostTraining",)


@dataclass(frozen=True, kw_only=True)
class InferenceBenchmark(Benchmark):
    """Latency, memory, size and agreement of everybody on the same rows of text.

    Each contestant's files are written by one process and answered from by another,
    fresh one, which lives through all rounds. Contestants take turns, one at a time.

    Attributes:
        models: Name → overrides of a run that make a quantized model of ours.
        checkpoints: Name → folder of a ``quantize`` stage, measured as well.
        runtimes: Name → what computes ours; every model is tried in every runtime.
        train: Whether ``models`` are trained as their methods say, or only calibrated.
        compiled: Whether contestants that need a compiler take part.
        batch_sizes: Rows asked at once.
        tokens: Of each row.
        num_threads: CPU threads of every contestant.
        rounds: Interleaved repetitions.
        seconds: A contestant answers for so long in its turn, at least once.

    Raises:
        QbertError: For a number out of range.
    """

    name: ClassVar[str] = "inference"

    models: Mapping[str, list[str]] = field(default_factory=dict)
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    runtimes: Mapping[str, Runtime] = field(default_factory=dict)
    train: bool = False
    compiled: bool = False
    batch_sizes: list[int] = field(default_factory=lambda: [1, 32])
    tokens: int = 128
    num_threads: int = 1
    rounds: int = 20
    seconds: float = 0.25

    def __post_init__(self) -> None:
        for key in ("tokens", "num_threads", "rounds"):
            value = getattr(self, key)
            if value < 1:
                raise QbertError(f"bench.{key}={value}: accepted 1 or more")
        if not self.batch_sizes or min(self.batch_sizes) < 1:
            sizes = self.batch_sizes
            raise QbertError(f"bench.batch_sizes={sizes}: accepted 1 or more each")
        for name, overrides in self.models.items():
            if not isinstance(overrides, list):
                raise QbertError(
                    f"bench.models.{name}={overrides}: accepted a list of overrides"
                )
        for name, runtime in self.runtimes.items():
            if runtime.tokens is not None and runtime.tokens < self.tokens:
                raise QbertError(
                    f"bench.runtimes.{name}.tokens={runtime.tokens}: accepted at least "
                    f"bench.tokens={self.tokens}"
                )
        if self.seconds < 0:
            raise QbertError(f"bench.seconds={self.seconds}: accepted 0 or more")

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        for overrides in self.models.values():
            subject.check(overrides)
        sizes = sorted(set(self.batch_sizes))
        texts = subject.batches(TEXTS, max(sizes))
        batches = folder / "batches.safetensors"
        save_series(filled_batches(texts, sizes, self.tokens), batches)
        found: list[Found] = []
        with ExitStack() as stack:
            asked: dict[str, ContestantProcess] = {}
            for who, contestant, model in self._entries(subject):
                say(f"  {who}")
                place = Place(model, folder / str(len(found)), self.num_threads)
                place.folder.mkdir()
                each = self._prepared(who, contestant, place, batches)
                found.append(each)
                if each.reason is None:
                    process = ContestantProcess(contestant, place, batches)
                    asked[who] = stack.enter_context(process)
                    _note(each, asked[who].ask({"do": "load"}))
            for turn in range(self.rounds):
                say(f"  round {turn + 1} of {self.rounds}")
                self._turn(found, asked, sizes)
        is_calibrated = bool(self.models and self.runtimes) and not self.train
        return Outcome(
            title=f"Answers to {self.tokens} tokens, threads: {self.num_threads}",
            columns=columns(sizes),
            rows=rows(found, sizes),
            notes=notes(sizes, self.tokens, is_calibrated),
            measurements=tuple(
                {"who": each.who, "batch_size": size, "round": turn, "seconds": seconds}
                for each in found
                for size, series in each.seconds.items()
                for turn, seconds in enumerate(series)
            ),
            facts={
                "versions": versions(),
                "contestants": {
                    each.who: each.as_dict(unit_of(found)) for each in found
                },
            },
        )

    def peers(self) -> Iterator[tuple[str, Contestant]]:
        """Name and contestant of everybody else who takes part."""
        for who, peer in PEERS.items():
            if self.compiled or not peer.compiles:
                yield who, peer

    def made(self) -> dict[str, list[str]]:
        """Name → overrides that make a model of ours, trained or only calibrated."""
        how = () if self.train else CALIBRATED
        return {who: [*overrides, *how] for who, overrides in self.models.items()}

    def _entries(self, subject: Subject) -> Iterator[tuple[str, Contestant, Path]]:
        """Name, contestant and model of everybody."""
        float_folder = subject.float_folder()
        for who, peer in self.peers():
            yield who, peer, float_folder
        if not self.runtimes:
            return
        folders = {who: Path(folder) for who, folder in self.checkpoints.items()}
        for who, overrides in self.made().items():
            folders[who] = subject.quantized(overrides)
        for who, folder in folders.items():
            for runtime_name, runtime in self.runtimes.items():
                yield f"{who}, {runtime_name}", Deployed(runtime), folder

    def _prepared(
        self, who: str, contestant: Contestant, place: Place, batches: Path
    ) -> Found:
        """A contestant with its files written, or why there are none."""
        found = Found(who, reason=not_installed(contestant.needs))
        if found.reason is None:
            with ContestantProcess(contestant, place, batches) as process:
                _note(found, process.ask({"do": "prepare"}))
        return found

    def _turn(
        self,
        found: Sequence[Found],
        asked: Mapping[str, ContestantProcess],
        sizes: Sequence[int],
    ) -> None:
        """One round: everybody answers every batch, one after the other."""
        for number, size in enumerate(sizes):
            for each in found:
                if each.reason is None:
                    task = {"do": "time", "number": number, "seconds": self.seconds}
                    answer = asked[each.who].ask(task)
                    if "error" in answer:
                        _note(each, answer)
                        each.seconds = {}
                        continue
                    each.seconds.setdefault(size, []).append(answer["seconds"])


def _note(found: Found, answer: dict[str, object]) -> None:
    """Keep what a process answered.

    Raises:
        QbertError: If it is the unit of the table, or one of ours, that failed; what a
            runtime does not offer, or lacks, is a row like a peer's.
    """
    if "error" not in answer:
        found.facts |= answer
        return
    reason, code = str(answer["error"]), answer["code"]
    is_offered = code not in (USAGE, ENVIRONMENT)
    if is_offered and (found.who == UNIT or found.who not in PEERS):
        raise QbertError(f"bench: {found.who}: {reason}", FAILED)
    found.reason = reason
