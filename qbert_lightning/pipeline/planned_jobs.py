"""The jobs that a command would run, composed and checked, without running them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.composition import (
    HYDRA_VERSION,
    MAX_JOBS,
    Command,
    ablation_jobs,
    ablation_of,
    check_choices,
    check_composed,
    compose,
    config_folder,
    is_hydras_own,
    parse,
    search_of,
)
from qbert_lightning.pipeline.hydra_settings import check_hydra
from qbert_lightning.pipeline.own_folder import check_folder
from qbert_lightning.pipeline.search import warm_points
from qbert_lightning.pipeline.validation import resolved
from qbert_lightning.search import Point, SearchSettings, read_space


@dataclass(frozen=True)
class PlannedJob:
    """One job as it would run.

    Attributes:
        number: From 0.
        overrides: Its overrides, without Hydra's own.
        config: Its resolved configuration.
    """

    number: int
    overrides: tuple[str, ...]
    config: Mapping[str, Any]


@dataclass(frozen=True)
class PlannedSweep:
    """All jobs of a command, as far as they are known.

    Attributes:
        jobs: In order.
        num_open: Further jobs, whose settings follow from the results of earlier ones.
        first: Settings that the first of them are known to take.
        source: Where those are from, if not made up.
    """

    jobs: tuple[PlannedJob, ...]
    num_open: int = 0
    first: tuple[Point, ...] = ()
    source: Path | None = None


def planned_sweep(command: Command) -> PlannedSweep:
    """Compose and check every job of a command; nothing is created.

    Raises:
        QbertError: (code 2) for the first job that would be refused.
    """
    if command.config_dir is not None:
        check_folder(command.config_dir)
    with hydra.initialize_config_dir(
        str(config_folder()), job_name="qbert", version_base=HYDRA_VERSION
    ):
        overrides = parse(command.overrides)
        sweeps = [one for one in overrides if one.is_sweep_override()]
        fixed = [str(one.input_line) for one in overrides if one not in sweeps]
        master = compose(command, fixed)
        check_hydra(master.hydra)
        if not (command.multirun or master.hydra.mode == RunMode.MULTIRUN):
            if sweeps:
                line = sweeps[0].input_line
                raise QbertError(f"{line}: several values: accepted with -m")
            return PlannedSweep((_composed(command, 0, command.overrides),))
        search = search_of(master.hydra.sweeper)
        if search is not None:
            check_choices(command)
            return _search(command, master, search)
        jobs = _sweep_jobs(command, master)
        if len(jobs) > MAX_JOBS:
            raise QbertError(f"sweep of {len(jobs)} jobs: accepted up to {MAX_JOBS}")
        return PlannedSweep(
            tuple(_composed(command, *numbered) for numbered in enumerate(jobs))
        )


def _search(
    command: Command, master: DictConfig, search: SearchSettings
) -> PlannedSweep:
    """A search, of which only the first settings are known."""
    typed = [one for one in command.overrides if not is_hydras_own(one)]
    space = read_space(parse(_params(master)), parse(typed))
    points, source = warm_points(space, search, _resolved(master))
    return PlannedSweep((), search.n_trials, tuple(points), source)


def _params(master: DictConfig) -> list[str]:
    params = master.hydra.sweeper.get("params") or {}
    return [f"{key}={value}" for key, value in params.items()]


def _sweep_jobs(command: Command, master: DictConfig) -> list[Sequence[str]]:
    """The overrides of every job of a sweep."""
    typed = [one for one in command.overrides if not is_hydras_own(one)]
    ablation = ablation_of(master.hydra.sweeper)
    if ablation is not None:
        jobs = ablation_jobs(ablation, typed, master.get("tags") or [])
        return [job.overrides for job in jobs]
    asked = parse([*_params(master), *typed])
    return list(BasicSweeper.split_arguments(asked, None)[0])


def _composed(command: Command, number: int, overrides: Sequence[str]) -> PlannedJob:
    own = tuple(one for one in overrides if not is_hydras_own(one))
    every = [*(one for one in command.overrides if is_hydras_own(one)), *own]
    config = compose(command, every)
    try:
        check_composed(config, parse(every))
    except QbertError as error:
        raise QbertError(f"job {number}: {error}", error.code) from error
    return PlannedJob(number, own, _resolved(config))


def _resolved(config: DictConfig) -> dict[str, Any]:
    """The configuration of a job in plain containers, without the `hydra` node."""
    names = [key for key in config if key != "hydra"]
    return resolved(OmegaConf.masked_copy(config, names))
