"""Benchmark: seconds until a command answers, and until a model is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

from qbert_lightning.benchmarks.asked_process import AskedProcess
from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.inference import CALIBRATED
from qbert_lightning.benchmarks.page_runs import write_runs
from qbert_lightning.benchmarks.rounds import Ratio
from qbert_lightning.benchmarks.startup_commands import COMMANDS, RUNS, YARDSTICK
from qbert_lightning.benchmarks.startup_loads import LOADS, PLAIN
from qbert_lightning.errors import QbertError
from qbert_lightning.export import load_checkpoint, save_packed
from qbert_lightning.models import load_tokenizer

NUM_RUNS = 10  # that `qbert status` tells about
# What each is compared with.
UNITS = {**dict.fromkeys(COMMANDS, YARDSTICK), **dict.fromkeys(LOADS, PLAIN)}
COLUMNS = ("", "seconds", "CPU s", "CPU ratio", "to")


@dataclass(frozen=True, kw_only=True)
class StartupBenchmark(Benchmark):
    """Commands as fresh processes, and loads in one process that has its imports.

    All take turns. Loads find their files in the system's cache, and are of the same
    model: packed, and in floating point.

    Attributes:
        model: Overrides of a run that make the quantized model, without training.
        rounds: Interleaved repetitions.
        num_threads: CPU threads of the process that loads.

    Raises:
        QbertError: For a number below 1, or for a command with the wrong exit code.
    """

    name: ClassVar[str] = "startup"

    model: list[str] = field(default_factory=lambda: ["method=q8bert"])
    rounds: int = 5
    num_threads: int = 1

    def __post_init__(self) -> None:
        for key in ("rounds", "num_threads"):
            value = getattr(self, key)
            if value < 1:
                raise QbertError(f"bench.{key}={value}: accepted 1 or more")

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        subject.check(self.model)
        float_folder = subject.float_folder().resolve()
        packed = (folder / "packed").resolve()
        packed.mkdir()
        checkpoint = subject.quantized([*self.model, *CALIBRATED])
        model, plan = load_checkpoint(checkpoint)
        save_packed(model, plan, load_tokenizer(str(checkpoint)), packed)
        write_runs(folder / RUNS, NUM_RUNS)
        measured: list[dict[str, Any]] = []
        with AskedProcess(
            "qbert_lightning.benchmarks.startup_loads",
            [str(packed), str(float_folder)],
            self.num_threads,
            folder / "loads.txt",
        ) as loader:
            for turn in range(self.rounds):
                say(f"  round {turn + 1} of {self.rounds}")
                for what, command in COMMANDS.items():
                    found = command.seconds(folder)
                    measured.append({"what": what, "round": turn, **found})
                for what in LOADS:
                    found = loader.ask({"how": what})
                    measured.append({"what": what, "round": turn, **found})
        return Outcome(
            title="Start-up",
            columns=COLUMNS,
            rows=tuple(_row(what, measured) for what in UNITS),
            notes=(
                "medians over rounds; ratios of CPU seconds, taken within each round "
                "[least, largest]",
                "commands: fresh processes, imports included; loads: without imports, "
                "files in the system's cache",
            ),
            measurements=tuple(measured),
            facts={
                "ratios": {what: _ratio(what, measured).as_dict() for what in UNITS},
                "packed_bytes": _bytes(packed),
                "float_bytes": _bytes(float_folder),
            },
        )


def _row(what: str, measured: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    wall, cpu = (median(_series(what, key, measured)) for key in ("wall_s", "cpu_s"))
    is_unit = UNITS[what] == what
    ratio = "1" if is_unit else str(_ratio(what, measured))
    return (what, f"{wall:.3f}", f"{cpu:.3f}", ratio, "" if is_unit else UNITS[what])


def _ratio(what: str, measured: Sequence[dict[str, Any]]) -> Ratio:
    """CPU seconds, because those of the wall are the whole machine's."""
    unit = _series(UNITS[what], "cpu_s", measured)
    return Ratio.of(_series(what, "cpu_s", measured), unit)


def _series(what: str, key: str, measured: Sequence[dict[str, Any]]) -> list[float]:
    return [each[key] for each in measured if each["what"] == what]


def _bytes(folder: Path) -> int:
    return (folder / "model.safetensors").stat().st_size
