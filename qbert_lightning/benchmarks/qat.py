"""Benchmark: a step of quantization-aware training beside one of float training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

import torch

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.installed import installed_versions
from qbert_lightning.benchmarks.isolation import in_a_fork
from qbert_lightning.benchmarks.qat_contestants import (
    FLOAT,
    Prepare,
    contestants,
    missing_peers,
)
from qbert_lightning.benchmarks.qat_peers import PEERS
from qbert_lightning.benchmarks.qat_step import TrainingStep, random_batch
from qbert_lightning.benchmarks.rounds import Ratio
from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.models import load_float

COLUMNS = (
    *("who", "ms", "step / float step", "CPU / float CPU"),
    *("saved MiB", "peak MiB"),
)


@dataclass(frozen=True, kw_only=True)
class QatBenchmark(Benchmark):
    """Time and memory of one step: forward, backward and AdamW on the same batch.

    Contestants are ours on fake-quantized floats and on 8-bit codes, for Q8BERT and for
    Q-BERT at 4 and 2 bits, plain tensor operations, and the peers that are installed.
    They take turns step by step, and each step is compared with the float step of its
    round.

    Attributes:
        batch_size: Examples in the batch.
        tokens: Tokens of each example, without padding.
        groups: Row groups of each matrix, for Q-BERT.
        rounds: Interleaved repetitions, after one that does not count.
        accelerator: ``cpu``, or whatever Lightning calls a GPU; ``auto`` takes one.
        precision: Lightning's name; with bf16 the float step runs under autocast, and
            so do all others.
        num_threads: CPU threads.
        seed: Of the batch.
        who: Names of the contestants beside float; null takes all. Each keeps a model
            and an optimizer in memory.

    Raises:
        QbertError: For a number below its least, or a contestant that is not there.
    """

    name: ClassVar[str] = "qat"

    batch_size: int = 32
    tokens: int = 128
    groups: int = 128
    rounds: int = 5
    accelerator: str = "auto"
    precision: str | int | None = "32-true"
    num_threads: int = 1
    seed: int = 0
    who: list[str] | None = None

    def __post_init__(self) -> None:
        for key in ("batch_size", "tokens", "groups", "rounds", "num_threads"):
            if getattr(self, key) < 1:
                raise QbertError(
                    f"bench.{key}={getattr(self, key)}: accepted 1 or more"
                )
        everybody = contestants(self.groups)
        for who in self.who or ():
            if who not in everybody:
                raise QbertError(
                    f"bench.who={who!r}: accepted null, or of {'; '.join(everybody)}"
                )

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        model = subject.float_folder()
        everybody, left_out = self._contestants(), missing_peers()
        memory, steps = {}, {}
        before = torch.get_num_threads()
        try:
            torch.set_num_threads(1)  # a fork cannot use the threads of its parent
            for who, prepare in everybody.items():
                found = self._memory(model, prepare)
                if "error" in found:
                    left_out[who] = _reason(who, found["error"])
                    continue
                memory[who] = found
                say(f"  {who:<28} saved {memory[who]['saved_mib']:7.1f} MiB")
            torch.set_num_threads(self.num_threads)
            for who in memory:
                steps[who] = self._step(model, everybody[who])
                steps[who].run()  # warm
            measurements = self._rounds(steps, say)
        finally:
            torch.set_num_threads(before)
        return Outcome(
            title="One step of quantization-aware training",
            columns=COLUMNS,
            rows=tuple(row(who, measurements, memory[who]) for who in steps),
            notes=(
                "saved: kept for the backward pass; peak: beyond model and optimizer",
                *(f"{who}: {reason}" for who, reason in left_out.items()),
            ),
            measurements=tuple(measurements),
            facts={
                "settings": asdict(self),
                "versions": installed_versions(
                    project
                    for peer in PEERS.values()
                    for project in peer.needs.values()
                ),
                "memory": memory,
                "ratios": {
                    who: ratio(who, measurements, "wall_seconds").as_dict()
                    for who in steps
                },
            },
        )

    def _contestants(self) -> dict[str, Prepare]:
        """Name → what makes the contestant of a float model."""
        everybody = contestants(self.groups)
        wanted = everybody if self.who is None else {FLOAT, *self.who}
        return {who: made for who, made in everybody.items() if who in wanted}

    def _device(self) -> torch.device:
        wants_gpu = self.accelerator != "cpu" and torch.cuda.is_available()
        return torch.device("cuda" if wants_gpu else "cpu")

    def _step(self, folder: Path, prepare: Prepare) -> TrainingStep:
        """A contestant before its first step."""
        model, _ = load_float(folder)
        device, vocabulary = self._device(), model.config.vocab_size
        batch = random_batch(
            vocabulary, self.batch_size, self.tokens, self.seed, device
        )
        wants_bf16 = "bf16" in str(self.precision)
        return TrainingStep(
            prepare(model).train().to(device),
            batch,
            torch.bfloat16 if wants_bf16 else None,
        )

    def _memory(self, folder: Path, prepare: Prepare) -> dict[str, Any]:
        """What a contestant's step keeps and takes at most, in MiB, or its error."""

        def measure() -> dict[str, float]:
            step = self._step(folder, prepare)
            return {"peak_mib": step.peak_mib(), "saved_mib": step.saved_mib()}

        # A GPU counts for itself, and its driver does not survive a fork.
        found: dict[str, Any] = (
            in_a_fork(measure) if self._device().type == "cpu" else measure()
        )
        return found

    def _rounds(
        self, steps: Mapping[str, TrainingStep], say: Say
    ) -> list[dict[str, Any]]:
        measurements = []
        for turn in range(self.rounds):
            for who, step in steps.items():
                wall, cpu = step.seconds()
                times = {"wall_seconds": wall, "cpu_seconds": cpu}
                measurements.append({"round": turn, "who": who, **times})
            say(f"  round {turn + 1} of {self.rounds}")
        return measurements


def _reason(who: str, error: str) -> str:
    """Why a peer takes no part.

    Raises:
        QbertError: If it is no peer (code 1).
    """
    if who not in PEERS:
        raise QbertError(f"bench: {who}: {error}", FAILED)
    return f"failed: {error.splitlines()[0][:150]}"


def ratio(who: str, measurements: list[dict[str, Any]], time: str) -> Ratio:
    """A contestant's times over those of float, round by round."""
    mine = [each[time] for each in measurements if each["who"] == who]
    base = [each[time] for each in measurements if each["who"] == FLOAT]
    return Ratio.of(mine, base)


def row(
    who: str, measurements: list[dict[str, Any]], memory: Mapping[str, float]
) -> tuple[str, ...]:
    """A contestant's line of the table."""
    walls = [each["wall_seconds"] for each in measurements if each["who"] == who]
    return (
        who,
        f"{1000 * median(walls):.0f}",
        exact(ratio(who, measurements, "wall_seconds")),
        exact(ratio(who, measurements, "cpu_seconds")),
        f"{memory['saved_mib']:.1f}",
        f"{memory['peak_mib']:.1f}",
    )


def exact(found: Ratio) -> str:
    """A ratio near one, to two digits.

    >>> exact(Ratio.of([0.88, 0.9, 0.95], [1.0, 1.0, 1.0]))
    '0.90 [0.88, 0.95]'
    """
    low, high = min(found.rounds), max(found.rounds)
    return f"{found.median:.2f} [{low:.2f}, {high:.2f}]"
