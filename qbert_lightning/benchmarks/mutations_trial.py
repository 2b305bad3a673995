"""One damaged folder, loaded: was it refused, and what did that take?"""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qbert_lightning.benchmarks.isolation import PEAK_UNIT
from qbert_lightning.benchmarks.mutations_seeds import Seed
from qbert_lightning.errors import DATA, QbertError

SLOW_SECONDS = 1.0
HANG_SECONDS = 10.0
MUCH_MEMORY = 100 * 2**20
REFUSED, HARMLESS, WRONG, CRASHED = "refused", "harmless", "loaded wrongly", "crashed"


@dataclass(frozen=True)
class Verdict:
    """What became of one damaged folder.

    Attributes:
        outcome: One of `REFUSED`, `HARMLESS`, `WRONG` and `CRASHED`.
        detail: The complaint.
        seconds: Processor time it took; other work on the machine does not count.
        more_memory: Bytes by which the process's peak rose.
    """

    outcome: str
    detail: str
    seconds: float
    more_memory: int


def attempt(seed: Seed, folder: Path) -> Verdict:
    """Load a damaged folder.

    Args:
        seed: What it was made from.
        folder: The damaged one.
    """
    peak, begin = _peak_bytes(), time.process_time()
    detail = ""
    try:
        with _patience():
            same = seed.read(folder) == seed.expected
        outcome = HARMLESS if same else WRONG
    except QbertError as error:
        outcome = REFUSED if error.code == DATA else CRASHED
        detail = str(error)
    except BaseException as error:  # also what a library throws beside Exception
        outcome, detail = CRASHED, f"{type(error).__name__}: {error}"[:300]
    seconds = time.process_time() - begin
    return Verdict(outcome, detail, seconds, _peak_bytes() - peak)


def put(folder: Path, files: Mapping[str, bytes], before: Mapping[str, bytes]) -> None:
    """Make a folder hold exactly these files.

    Args:
        folder: Made if it is not there.
        files: Name → content.
        before: What it holds already.
    """
    folder.mkdir(exist_ok=True)
    for name in before.keys() - files.keys():
        (folder / name).unlink()
    for name, content in files.items():
        if before.get(name) != content:
            (folder / name).write_bytes(content)


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT


@contextmanager
def _patience() -> Iterator[None]:
    """End what hangs with a `TimeoutError`."""

    def give_up(number: int, frame: object) -> None:
        raise TimeoutError(f"no answer after {HANG_SECONDS} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
