"""Waits for what W&B still writes after a run is finished."""

from __future__ import annotations

import time
from pathlib import Path

from qbert_lightning.tracking.wandb_files import _entries

SECONDS = 120.0  # on a machine with no time for W&B's process
PAUSE = 0.05


def wait_until_written(top: Path) -> None:
    """Return once every file of W&B's below ``top`` says how its run ended.

    Raises:
        TimeoutError: If one does not in the end, naming it.
    """
    end = time.monotonic() + SECONDS
    open_files = sorted(top.rglob("*.wandb"))
    while open_files := [file for file in open_files if not _has_ended(file)]:
        if time.monotonic() > end:
            raise TimeoutError(f"{open_files[0]} has no end after {SECONDS:g} s")
        time.sleep(PAUSE)


def _has_ended(file: Path) -> bool:
    return any(entry.get("type") == "exit" for entry in _entries(file))
