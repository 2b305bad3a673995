"""Work done in a process of its own, with what it cost."""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from qbert_lightning.tracking.json_values import from_text, to_text

# Linux counts in KiB, macOS in bytes.
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Cost:
    """What a piece of work took.

    Attributes:
        wall_seconds: Time on the wall.
        cpu_seconds: Processor time of all threads.
        peak_mib: Largest resident memory in MiB beyond what there was at the start.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float

    def as_dict(self) -> dict[str, float]:
        """The same as a mapping."""
        return asdict(self)


def costed(work: Callable[[], Any]) -> tuple[Any, Cost]:
    """The result of ``work`` and its cost.

    The peak is the process's own, so it counts only in a fresh process such as that of
    `in_a_fork`.
    """
    gc.collect()
    before = resident_bytes()
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT
    return result, Cost(wall, cpu, max(0.0, (peak - before) / 2**20))


def in_a_fork(work: Callable[[], Any]) -> Any:
    """What ``work`` returns (plain values), computed by a copy of this process.

    The copy starts with all that is loaded here, its peak of memory starts anew, and
    what the work leaves behind ends with it.

    Returns:
        The result; ``{"error": reason}`` if the work raised or was killed.
    """
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiver)
        _answer(work, sender)
    os.close(sender)
    with os.fdopen(receiver, encoding="utf-8") as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    if text:
        return from_text(text)
    reason = os.waitstatus_to_exitcode(status)
    killed = signal.Signals(-reason).name if reason < 0 else f"exit code {reason}"
    return {"error": f"the process ended with {killed}"}


def _answer(work: Callable[[], Any], sender: int) -> None:
    """Send the result to the parent and end, without any of its clean-up."""
    try:
        try:
            text = to_text(work())
        except Exception as error:  # another library's, so it may be anything
            text = to_text({"error": f"{type(error).__name__}: {error}"})
        with os.fdopen(sender, "w", encoding="utf-8") as stream:
            stream.write(text)
    finally:
        os._exit(0)


def resident_bytes() -> int:
    """Memory of this process that is not swapped out."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT
