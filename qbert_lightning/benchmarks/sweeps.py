"""Benchmark: what launchers cost beside running the same jobs in one process."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.rounds import Ratio
from qbert_lightning.benchmarks.tiny_sweep import tail, tiny_sweep
from qbert_lightning.errors import FAILED, QbertError

ALONE = "one process"
# Contestant: the overrides that choose it, and the package it comes in.
CONTESTANTS: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    ALONE: (("hydra/launcher=basic",), None),
    "local": (("hydra/launcher=local",), None),
    "local, 2 slots": (("hydra/launcher=local", "hydra.launcher.slots=2"), None),
    "joblib": (("hydra/launcher=joblib",), "hydra_plugins.hydra_joblib_launcher"),
    "submitit_local": (
        ("hydra/launcher=submitit_local",),
        "hydra_plugins.hydra_submitit_launcher",
    ),
}


@dataclass(frozen=True, kw_only=True)
class SweepBenchmark(Benchmark):
    """CPU and wall-clock seconds of one small sweep by each launcher.

    Every contestant runs the same jobs from nothing: whole runs of a tiny model, in a
    folder of its own, with imports. CPU seconds are those of all its processes.

    Attributes:
        jobs: Jobs of the sweep.
        rounds: Interleaved repetitions.
        num_threads: CPU threads of every process.

    Raises:
        QbertError: For a number below 1, or if a sweep fails.
    """

    name: ClassVar[str] = "sweeps"

    jobs: int = 4
    rounds: int = 3
    num_threads: int = 1

    def __post_init__(self) -> None:
        for key, value in asdict(self).items():
            if value < 1:
                raise QbertError(f"bench.{key}={value}: accepted 1 or more")

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        here = {
            name: overrides
            for name, (overrides, package) in CONTESTANTS.items()
            if package is None or _is_there(package)
        }
        measured = []
        for turn in range(self.rounds):
            for name, overrides in here.items():
                found = self._sweep(folder / f"{turn}-{name}", overrides)
                measured.append({"contestant": name, "round": turn, **found})
                say(f"  {name:<15} {found['cpu_s']:.1f} s CPU, {found['wall_s']:.1f} s")
        return Outcome(
            title=f"{self.jobs} tiny jobs, from imports to table",
            columns=("launcher", "CPU s", "wall s", "CPU ÷ one process"),
            rows=tuple(_row(name, measured) for name in CONTESTANTS),
            notes=("medians over rounds; the ratio is taken within each round",),
            measurements=tuple(measured),
            facts={"settings": asdict(self), "ratios": _ratios(measured)},
        )

    def _sweep(self, folder: Path, overrides: tuple[str, ...]) -> dict[str, float]:
        seeds = f"seed=range({self.jobs})"
        begin = time.perf_counter()
        process = tiny_sweep(folder, [seeds, *overrides], self.num_threads)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        done = len(list(folder.glob("outputs/sweeps/*/*/run.json")))
        if process.returncode != 0 or done != self.jobs:
            raise QbertError(
                f"{' '.join(overrides)}: exit code {process.returncode} with {done} of "
                f"{self.jobs} runs: {tail(folder)}",
                FAILED,
            )
        return {"cpu_s": usage.ru_utime + usage.ru_stime, "wall_s": wall}


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def _column(name: str, key: str, measured: list[dict[str, Any]]) -> list[float]:
    return [found[key] for found in measured if found["contestant"] == name]


def _row(name: str, measured: list[dict[str, Any]]) -> tuple[str, ...]:
    cpu, wall = (_column(name, key, measured) for key in ("cpu_s", "wall_s"))
    if not cpu:
        return (name, "not installed", "", "")
    ratio = Ratio.of(cpu, _column(ALONE, "cpu_s", measured))
    return (name, f"{sorted(cpu)[len(cpu) // 2]:.1f}",
            f"{sorted(wall)[len(wall) // 2]:.1f}", str(ratio))  # fmt: skip


def _ratios(measured: list[dict[str, Any]]) -> dict[str, Any]:
    alone = _column(ALONE, "cpu_s", measured)
    return {
        name: Ratio.of(cpu, alone).as_dict()
        for name in CONTESTANTS
        if (cpu := _column(name, "cpu_s", measured))
    }
