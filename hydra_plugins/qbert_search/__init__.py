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

__all__ = ["AblationSweeper", "OptunaSweeper"]


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


class OptunaSweeper(_OurSweeper):
    """Searches for the best scores at every size.

    Args:
        n_trials: Trials in all.
        trials_at_once: Trials that are launched together.
        sampler: ``tpe``, ``nsga2`` or ``random``.
        seed: Of the sampler.
        directions: ``score`` and ``size_mb``, each ``maximize`` or ``minimize``.
        warm_start: Whether sensible plans are tried first.
        sensitivity_table: File with the table to start from, or null.
        params: Key → the values to search over; the command line adds to it.
    """

    def __init__(
        self,
        n_trials: int,
        trials_at_once: int,
        sampler: str,
        seed: int,
        directions: Mapping[str, str],
        warm_start: bool,
        sensitivity_table: str | None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        self.params = _plain({"params": params or {}})["params"]
        self.settings = _plain(
            {
                "n_trials": n_trials,
                "trials_at_once": trials_at_once,
                "sampler": sampler,
                "seed": seed,
                "directions": directions,
                "warm_start": warm_start,
                "sensitivity_table": sensitivity_table,
            }
        )

    def sweep(self, arguments: list[str]) -> object:
        """Search, or go on with a search that was interrupted."""
        from qbert_lightning.pipeline.search import run_search

        asked = [f"{key}={value}" for key, value in self.params.items()]
        return run_search(
            self.settings,
            (asked, arguments),
            self.config,
            self.hydra_context,
            self.launcher,
        )
