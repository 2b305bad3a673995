"""`hydra/launcher=local`, where Hydra looks for launchers."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class LocalLauncher(Launcher):
    """Runs the jobs of a sweep on this machine, each in a process of its own.

    Args:
        **settings: See `qbert_lightning.sweeps.LauncherSettings`.
    """

    def __init__(self, **settings: int | float | str | None) -> None:
        self.settings = settings

    def setup(
        self,
        *,
        hydra_context: HydraContext,
        task_function: TaskFunction,
        config: DictConfig,
    ) -> None:
        """Keep what the jobs need; Hydra calls this once."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Run jobs and return when all have ended; see `sweeps.launch_jobs`."""
        from qbert_lightning.sweeps import LauncherSettings, launch_jobs

        return launch_jobs(
            LauncherSettings(**self.settings),  # type: ignore[arg-type]
            self.hydra_context,
            self.task_function,
            self.config,
            job_overrides,
            initial_job_idx,
        )
