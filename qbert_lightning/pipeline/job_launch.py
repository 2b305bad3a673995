"""Launches the jobs of our sweepers, whichever launcher runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, OmegaConf, open_dict


def sweep_folder(config: DictConfig) -> Path:
    """The sweep's folder, made now, with what was asked for in ``multirun.yaml``."""
    folder = Path(config.hydra.sweep.dir)
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(config, folder / "multirun.yaml")
    return folder


def job_folder(config: DictConfig, number: int) -> Path:
    """The folder of a job of the sweep."""
    own = config.copy()
    with open_dict(own):
        own.hydra.job.num = number
    return Path(config.hydra.sweep.dir) / str(own.hydra.sweep.subdir)


@dataclass(frozen=True)
class Ended:
    """How a job ended.

    Attributes:
        value: What it returned; None for one that failed.
        is_failed: Whether its launcher says that it failed; the reason is in its
            folder.
    """

    value: object | None
    is_failed: bool


def launch(
    launcher: Launcher, jobs: Sequence[Sequence[str]], first_number: int
) -> list[Ended]:
    """Run jobs, and wait for them.

    Args:
        launcher: Any launcher of Hydra.
        jobs: The overrides of each.
        first_number: Number of the first one; the others count on.

    Returns:
        How each ended.
    """
    returns: Sequence[JobReturn] = launcher.launch(
        [list(job) for job in jobs], initial_job_idx=first_number
    )
    completed = [one.status == JobStatus.COMPLETED for one in returns]
    return [
        Ended(one.return_value if whole else None, is_failed=not whole)
        for one, whole in zip(returns, completed, strict=True)
    ]
