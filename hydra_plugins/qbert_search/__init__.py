"""Hydra sweepers: a search with two objectives, and an ablation.

Hydra accepts plugins in this namespace only and imports it before every command, so
nothing but Hydra is imported here before a sweep begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

__all__ = ["AblationSweeper"]


class _OurSweeper(Sweeper):
    """What our sweepers share: the launcher, whichever it is."""

    hydra_context: HydraContext
    config: DictConfig
    launcher: Launcher

    def setup(
        self,
        *,
        hydra_context: HydraContext,
        task_function: TaskFunction,
        config: DictConfig,
    ) -> None:
        """Keep what Hydra gives, and make the chosen launcher."""
        self.hydra_context = hydra_context
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )


def _plain(settings: dict[str, object]) -> dict[str, Any]:
    """Constructor arguments without the configuration library's containers."""
    plain: Any = OmegaConf.to_container(OmegaConf.create(settings), resolve=True)
    return dict(plain)


class AblationSweeper(_OurSweeper):
    """Runs a baseline and its changes, and reports the effect of each change.

    Args:
        baseline: Overrides of every run.
        changes: Name → the overrides that make the change.
        seeds: Seeds that each is run with.
    """

    def __init__(
        self, baseline: Sequence[str], changes: Mapping[str, Any], seeds: Sequence[int]
    ) -> None:
        self.settings = _plain(
            {"baseline": baseline, "changes": changes, "seeds": seeds}
        )

    def sweep(self, arguments: list[str]) -> object:
        """Launch all jobs at once, then report."""
        from qbert_lightning.pipeline.ablate import run_ablation

        return run_ablation(
            self.settings, arguments, self.config, self.hydra_context, self.launcher
        )
