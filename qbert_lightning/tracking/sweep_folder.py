"""Which sweep a job belongs to."""

from __future__ import annotations

from pathlib import Path

SWEEP_FILE = "sweep.json"


def sweep_of(folder: Path, is_multirun: bool = False) -> Path | None:
    """The folder of the sweep that a job is part of, None for a run alone.

    A sweep's jobs have their folders side by side in the sweep's own. A launcher may
    run each job as a single run of its own, in a process that knows nothing of the
    sweep; then the file that the launcher left in the sweep's folder tells.

    Args:
        folder: The job's folder.
        is_multirun: Whether Hydra itself runs this job as one of several.
    """
    parent = folder.parent
    return parent if is_multirun or (parent / SWEEP_FILE).is_file() else None
