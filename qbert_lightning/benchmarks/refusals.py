"""Benchmark: are bad commands refused, well and quickly?"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, ClassVar

import qbert_lightning
from qbert_lightning.benchmarks.bad_commands import BadCommand, generate
from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.command_grammar import COMMANDS, read_grammar
from qbert_lightning.benchmarks.refusal_check import Answer, hint_is_right, problems
from qbert_lightning.errors import FAILED, QbertError

TIMEOUT = 120.0  # seconds
LONGEST_SHOWN = 100
REPORT_EVERY = 50
COLUMNS = ("flavour", "commands", "refused", "median s", "p95 s", "max s", "hints")


@dataclass(frozen=True, kw_only=True)
class RefusalsBenchmark(Benchmark):
    """Bad commands as processes: exit code, the one line, nothing left, the time.

    Attributes:
        count: How many commands.
        seed: Of the draw.
        processes: How many at once; times are fair with 1.

    Raises:
        QbertError: For a number out of range.
    """

    name: ClassVar[str] = "refusals"

    count: int = 500
    seed: int = 0
    processes: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise QbertError(f"bench.count={self.count}: accepted at least 1")
        if not 1 <= self.processes <= 2:
            raise QbertError(f"bench.processes={self.processes}: accepted 1..2")

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`; the subject is not needed."""
        grammars = [read_grammar(command, ask) for command in COMMANDS]
        commands = generate(grammars, self.count, self.seed)
        loads = [os.getloadavg()[0]]
        found: list[dict[str, Any]] = []
        with ThreadPoolExecutor(self.processes) as pool:
            answers = zip(commands, pool.map(answer_of, commands), strict=True)
            for command, answer in answers:
                found.append(measurement(command, answer))
                for problem in found[-1]["problems"]:
                    say(f"  {shown(command)}: {problem}: {answer.err.strip()[:300]}")
                if len(found) % REPORT_EVERY == 0:
                    loads.append(os.getloadavg()[0])
                    middle = median(one["seconds"] for one in found)
                    say(
                        f"  {len(found)} of {len(commands)}  load {loads[-1]:.1f}  "
                        f"median {middle:.2f} s"
                    )
        return Outcome(
            title=f"{len(found)} commands that must be refused",
            columns=COLUMNS,
            rows=tuple(rows(found)),
            notes=tuple(notes(found, loads)),
            measurements=tuple(found),
            facts={"settings": asdict(self), "load": loads, "total": summary(found)},
        )


def ask(arguments: Sequence[str]) -> str:
    """Standard output of a ``qbert`` command that only shows something.

    Raises:
        QbertError: If it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = _process(arguments, folder)
    if done.returncode:
        raise QbertError(f"{' '.join(arguments)}: {done.stderr[-200:]}", FAILED)
    return done.stdout


def answer_of(command: BadCommand) -> Answer:
    """Run a command in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        try:
            done = _process(command.arguments, folder)
        except subprocess.TimeoutExpired:
            return Answer(-1, "", f"still running after {TIMEOUT} s", (), TIMEOUT)
        seconds = time.perf_counter() - start
        created = tuple(sorted(path.name for path in Path(folder).iterdir()))
    return Answer(done.returncode, done.stdout, done.stderr, created, seconds)


def _process(arguments: Sequence[str], folder: str) -> subprocess.CompletedProcess[str]:
    """``qbert`` as a process of this package, with nothing to read."""
    package = str(Path(qbert_lightning.__file__).resolve().parents[1])
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("QBERT_DEBUG", "HYDRA_FULL_ERROR")
    }
    return subprocess.run(
        [sys.executable, "-m", "qbert_lightning", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT,
        check=False,
        env={**kept, "PYTHONPATH": package},
    )


def measurement(command: BadCommand, answer: Answer) -> dict[str, Any]:
    """One command and its answer as plain values."""
    return {
        "arguments": shown(command),
        "flavour": command.flavour,
        "seconds": answer.seconds,
        "message": answer.err.strip()[:400],
        "problems": problems(command, answer),
        "hint": hint_is_right(command, answer) if command.meant else None,
    }


def summary(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Counts, and the median, 95 % and longest times in seconds."""
    seconds = sorted(one["seconds"] for one in found)
    hints = [one["hint"] for one in found if one["hint"] is not None]
    return {
        "commands": len(found),
        "refused": sum(not one["problems"] for one in found),
        "median": median(seconds),
        "p95": seconds[math.ceil(0.95 * len(seconds)) - 1],
        "max": seconds[-1],
        "hints": sum(hints) / len(hints) if hints else None,
    }


def rows(found: Sequence[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """One row for each flavour, and one for all."""
    flavours = sorted({_family(one) for one in found})
    for flavour in flavours:
        yield _row(flavour, [one for one in found if _family(one) == flavour])
    yield _row("all", found)


def _family(one: dict[str, Any]) -> str:
    return str(one["flavour"]).partition(":")[0]


def _row(name: str, found: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    total = summary(found)
    times = (f"{total[key]:.2f}" for key in ("median", "p95", "max"))
    hints = "" if total["hints"] is None else f"{100 * total['hints']:.1f} %"
    return (name, str(total["commands"]), str(total["refused"]), *times, hints)


def notes(found: Sequence[dict[str, Any]], loads: Sequence[float]) -> Iterator[str]:
    """What is wrong, and how busy the machine was."""
    yield (
        f"load of the machine {min(loads):.1f} to {max(loads):.1f} "
        f"on {os.cpu_count()} cores"
    )
    for one in found:
        if one["problems"]:
            yield f"wrong: {one['arguments']}: {'; '.join(one['problems'])}"


def shown(command: BadCommand) -> str:
    """A command on one printable line."""
    line = " ".join(command.arguments)
    line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    return line if len(line) <= LONGEST_SHOWN else f"{line[:LONGEST_SHOWN]}..."
