"""Says that a living process is at work in a folder."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qbert_lightning.errors import QbertError

FILE_NAME = ".lock"
POLL_SECONDS = 0.1


@contextmanager
def hold_folder(folder: Path, patience: float = 0.0) -> Iterator[None]:
    """Keep a folder for this process while the body runs.

    The system gives the lock up for a dead process, so nothing is left to clean.

    Args:
        folder: The folder; made if it is missing.
        patience: Seconds to wait for a process that is just ending.

    Raises:
        QbertError: (code 2) if another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE_NAME).open("a") as file:
        give_up = time.monotonic() + patience
        while not _take(file.fileno()):
            if time.monotonic() >= give_up:
                raise QbertError(f"{folder}: another process is at work in it")
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:  # closing would not do: forked loader workers hold the file open too
            fcntl.flock(file, fcntl.LOCK_UN)


def is_held(folder: Path) -> bool:
    """Whether a living process is at work in a folder."""
    path = folder / FILE_NAME
    if not path.is_file():
        return False
    with path.open("r") as file:
        is_free = _take(file.fileno())
        if is_free:
            fcntl.flock(file, fcntl.LOCK_UN)
    return not is_free


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
