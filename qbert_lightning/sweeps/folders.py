"""Finds the sweeps and the single runs below some folders."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from qbert_lightning.errors import QbertError
from qbert_lightning.sweeps.sweep_record import SWEEP_FILE
from qbert_lightning.tracking.run_record import FILE_NAME

STAGE_CACHE = "stages"


def find(folders: Sequence[str], accepted: str) -> tuple[list[Path], list[Path]]:
    """Sweeps, and runs that belong to none.

    Args:
        folders: Where to look: a run, a sweep, or anything above them.
        accepted: What to say is accepted, if there is nothing.

    Returns:
        Folders of sweeps and of runs, each in the order of their names.

    Raises:
        QbertError: (code 2) for a folder that does not exist or holds neither.
    """
    sweeps, runs = [], []
    for name in folders:
        if not Path(name).is_dir():
            raise QbertError(f"{name}: no such folder: accepted {accepted}")
        found = list(_below(Path(name)))
        if not found:
            raise QbertError(f"{name}: no run and no sweep in it: accepted {accepted}")
        sweeps += [path for path in found if (path / SWEEP_FILE).is_file()]
        runs += [path for path in found if not (path / SWEEP_FILE).is_file()]
    return sweeps, runs


def _below(folder: Path) -> Iterator[Path]:
    for parent, children, files in os.walk(folder):
        children[:] = sorted(child for child in children if child != STAGE_CACHE)
        if SWEEP_FILE in files or FILE_NAME in files:
            children.clear()
            yield Path(parent)
