"""Sweeps: their jobs, their folder, and what became of each job."""

from __future__ import annotations

from qbert_lightning.pipeline.schema import Launcher as LauncherSettings
from qbert_lightning.sweeps.local_launcher import launch_jobs
from qbert_lightning.sweeps.sweep_record import SWEEP_FILE, SweepRecord

__all__ = [
    "SWEEP_FILE",
    "LauncherSettings",
    "SweepRecord",
    "launch_jobs",
]
