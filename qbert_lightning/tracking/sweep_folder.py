"""The sweep that a run belongs to."""

from __future__ import annotations

from pathlib import Path

SWEEP_FILE = "sweep.json"


def sweep_of(folder: Path, *, is_job: bool = False) -> Path | None:
    """The folder of a run's sweep, None for a run of its own.

    A job that is a command of its own has no other sign of its sweep than the folder.

    Args:
        folder: The run's folder.
        is_job: Whether the run is known to be a job, whatever the folder says.
    """
    is_job = is_job or (folder.parent / SWEEP_FILE).is_file()
    return folder.parent if is_job else None
