"""Benchmark: a sweep that is killed at random moments, again and again."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from qbert_lightning.benchmarks.base import Benchmark, Outcome, Say, Subject
from qbert_lightning.benchmarks.tiny_sweep import tail, tiny_sweep
from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.tracking.json_values import from_text, to_text

STAGES_WITH_WEIGHTS = ("finetune", "quantize")
PATIENCE_S = 300.0


@dataclass(frozen=True, kw_only=True)
class KillBenchmark(Benchmark):
    """Kills a sweep of tiny runs (SIGKILL, all its processes) and runs it again.

    Each sweep is repeated until it is through, then a new one begins, until there were
    ``kills`` kills. Every sweep must end with the weights of one that nobody disturbed,
    no finished run may change or begin again, and nothing half-written may be left.

    Attributes:
        kills: How many.
        jobs: Jobs of a sweep.
        slots: Jobs at once.
        every_n_steps: Training steps between checkpoints.
        seed: Of the moments.

    Raises:
        QbertError: For a number below its least, or if a sweep does not come through.
    """

    name: ClassVar[str] = "kills"

    kills: int = 10
    jobs: int = 4
    slots: int = 1
    every_n_steps: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        for key, value in asdict(self).items():
            if key != "seed" and value < 1:
                raise QbertError(f"bench.{key}={value}: accepted 1 or more")

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        moments = random.Random(self.seed)
        calm = folder / "undisturbed"
        span = self._undisturbed(calm)
        expected = digests(calm)
        say(f"  undisturbed: {len(expected)} files of weights in {span:.1f} s")
        measured: list[dict[str, Any]] = []
        done = 0
        while done < self.kills:
            place = folder / f"sweep-{len(measured)}"
            found = self._until_done(place, moments, span, self.kills - done)
            done += found["kills"]
            found["different_weights"] = _differences(expected, digests(place))
            found["leftovers"] = leftovers(place)
            measured.append(found)
            say(f"  sweep {len(measured)}: {found}")
        totals = {key: sum(found[key] for found in measured) for key in measured[0]}
        return Outcome(
            title=f"kills at random moments of {len(measured)} sweeps",
            columns=("what", "count"),
            rows=tuple((key.replace("_", " "), str(n)) for key, n in totals.items()),
            notes=("every count but kills and runs should be 0",),
            measurements=tuple(measured),
            facts={"settings": asdict(self), "totals": totals},
        )

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        overrides = (
            f"seed=range({self.jobs})",
            f"hydra.launcher.slots={self.slots}",
            "hydra.launcher.threads=1",
            f"resume.every_n_steps={self.every_n_steps}",
        )
        return tiny_sweep(folder, overrides, num_threads=1)

    def _undisturbed(self, folder: Path) -> float:
        """Run the sweep once; seconds from its first job's first line to its end."""
        process = self._start(folder)
        _wait_for_jobs(process, folder)
        begin = time.monotonic()
        if code := process.wait(PATIENCE_S):
            raise QbertError(f"{folder}: exit code {code}: {tail(folder)}", FAILED)
        return time.monotonic() - begin

    def _until_done(
        self, folder: Path, moments: random.Random, span: float, kills_left: int
    ) -> dict[str, int]:
        """Run the sweep again and again until it is through.

        A kill comes within the time that the jobs left should take.
        """
        found = {"kills": 0, "runs": 0, "lost": 0, "run_twice": 0}
        finished: dict[str, bytes] = {}
        while True:
            process = self._start(folder)
            if kills_left > found["kills"]:
                _wait_for_jobs(process, folder)
                left = span * (1 - len(finished) / self.jobs)
                time.sleep(moments.uniform(0.0, left))
                if process.poll() is None:
                    kill_session(process.pid)
                    found["kills"] += 1
            code = process.wait(PATIENCE_S)
            now = finished_records(folder)
            gone, again = compared(finished, now)
            found["lost"] += gone
            found["run_twice"] += again
            finished = now
            if code == 0:
                break
            if code > 0:
                raise QbertError(f"{folder}: exit code {code}: {tail(folder)}", FAILED)
        found["runs"] = len(finished)
        found["lost"] += self.jobs - len(finished)
        return found


def finished_records(folder: Path) -> dict[str, bytes]:
    """Run folder → its record, for finished runs."""
    records = {}
    for path in folder.glob("outputs/sweeps/*/*/run.json"):
        text = path.read_bytes()
        if from_text(text.decode())["status"] == "finished":
            records[str(path.parent)] = text
    return records


def compared(before: Mapping[str, bytes], now: Mapping[str, bytes]) -> tuple[int, int]:
    """How many finished records are gone, and how many were written again.

    A run that begins again has another record, with the time it began.

    Args:
        before: From `finished_records`.
        now: The same, later.
    """
    gone = sum(name not in now for name in before)
    again = sum(name in now and now[name] != text for name, text in before.items())
    return gone, again


def digests(folder: Path) -> Mapping[str, str]:
    """Stage folder → SHA-256 of the weights that a sweep left there.

    The file's free text is left out: safetensors writes it in any order.
    """
    found = {}
    for stage in STAGES_WITH_WEIGHTS:
        for path in sorted(folder.glob(f"outputs/stages/{stage}/*/model.safetensors")):
            key = f"{stage}/{path.parent.name}"
            found[key] = _digest(path.read_bytes())
    return found


def _digest(content: bytes) -> str:
    """Of names, types, shapes and values: safetensors' header, then the tensors."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = from_text(content[8:end].decode())
    header.pop("__metadata__", None)
    return hashlib.sha256(to_text(header).encode() + content[end:]).hexdigest()


def leftovers(folder: Path) -> int:
    """Temporary files and half-made folders that a finished sweep has left."""
    names = ("*.tmp.*", "*.making-*", "*.unfinished")
    return sum(len(list(folder.rglob(name))) for name in names)


def kill_session(session: int) -> None:
    """SIGKILL every process of a session at once."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            try:
                os.kill(int(path.parent.name), signal.SIGKILL)
            except ProcessLookupError:
                continue


def _differences(expected: Mapping[str, str], got: Mapping[str, str]) -> int:
    return sum(expected.get(key) != got.get(key) for key in {*expected, *got})


def _wait_for_jobs(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Until the first job of this attempt prints: the moments are not of imports."""
    before = _printed(folder)
    give_up = time.monotonic() + PATIENCE_S
    while process.poll() is None and _printed(folder) == before:
        if time.monotonic() > give_up:
            raise QbertError(f"{folder}: no job began: {tail(folder)}", FAILED)
        time.sleep(0.02)


def _printed(folder: Path) -> int:
    paths = folder.glob("outputs/sweeps/*/*/output.log")
    return sum(path.stat().st_size for path in paths)
