"""A search as a sweep: trials through the launcher, a study that lasts, its front."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.past_runs import read_run
from qbert_lightning.pipeline.job_launch import Ended, job_folder, launch, sweep_folder
from qbert_lightning.pipeline.known_sensitivity import block_weights, known_table
from qbert_lightning.pipeline.overrides import parse_overrides
from qbert_lightning.pipeline.search_results import front_table, write_search
from qbert_lightning.search import SearchSettings, SearchSpace, first_points, read_space
from qbert_lightning.search.space import Point
from qbert_lightning.search.study import Study, Trial

TABLE_WIDTH = 100
Values = tuple[float, float]


def run_search(
    settings: Mapping[str, Any],
    overrides: tuple[Sequence[str], Sequence[str]],
    config: DictConfig,
    context: HydraContext,
    launcher: Launcher,
) -> list[Trial]:
    """Search until there are enough trials, and report, also after an interrupt.

    Args:
        settings: Of `SearchSettings`.
        overrides: Those of ``hydra.sweeper.params`` and those of the command line.
        config: The sweep's configuration, with its `hydra` node.
        context: For the choices of groups.
        launcher: Runs the jobs.

    Returns:
        All trials.

    Raises:
        QbertError: (code 1) if a job failed; (code 2) if the folder holds another
            search.
    """
    checked = SearchSettings.from_settings(settings, "hydra.sweeper")
    asked, typed = (parse_overrides(one, context.config_loader) for one in overrides)
    space = read_space(asked, typed)
    folder = sweep_folder(config)
    console = Console()
    study = Study(folder, space, checked)
    if study.is_fresh:
        study.plan(_warm_points(space, checked, config, console))
    try:
        _Search(study, config, launcher).run(checked)
    finally:
        _report(study, checked.n_trials, folder, console)
    trials = study.trials()
    failed = sum(one.state == "failed" for one in trials)
    if failed:
        raise QbertError(f"{failed} of {len(trials)} jobs failed: see {folder}", FAILED)
    return trials


def warm_points(
    space: SearchSpace, settings: SearchSettings, config: Mapping[str, Any]
) -> tuple[list[Point], Path | None]:
    """The points to try first, and where the sensitivity table among them is from.

    Args:
        space: What is varied.
        settings: Of the search.
        config: The resolved configuration of the search, without its `hydra` node.
    """
    if not settings.warm_start:
        return [], None
    found = known_table(settings.sensitivity_table, config)
    if found is None:
        points, source = first_points(space, None, {}), None
    else:
        table, source = found
        sizes = block_weights(list(table.importance), config["model"])
        points = first_points(space, table, sizes)
    return points[: settings.n_trials], source


def origin_of(source: Path | None) -> str:
    """Where the first points of a search are from, in words."""
    if source is None:
        return "uniform widths; no sensitivity table of this task and model was found"
    return f"uniform widths, and the best plans of {source}"


def _warm_points(
    space: SearchSpace, settings: SearchSettings, config: DictConfig, console: Console
) -> list[Point]:
    own = OmegaConf.masked_copy(config, [key for key in config if key != "hydra"])
    plain: Any = OmegaConf.to_container(own, resolve=True)
    points, source = warm_points(space, settings, plain)
    if points:
        line = f"search    first {len(points)} trials: {origin_of(source)}"
        console.print(line, soft_wrap=True, highlight=False)
    return points


@dataclass
class _Search:
    """The loop of a search.

    Attributes:
        study: What was tried.
        config: The sweep's configuration.
        launcher: Runs the jobs.
        known: Overrides → values of jobs that finished.
    """

    study: Study
    config: DictConfig
    launcher: Launcher
    known: dict[tuple[str, ...], Values] = field(default_factory=dict)

    def run(self, settings: SearchSettings) -> None:
        """Finish what was begun, then try new points, batch by batch."""
        for one in self.study.trials():
            if one.values is not None:
                self.known[self._overrides(one)] = one.values
        self._try(self.study.interrupted())
        while (left := settings.n_trials - self.study.num_begun()) > 0:
            count = min(left, settings.trials_at_once)
            self._try([self.study.ask() for _ in range(count)])

    def _try(self, trials: Sequence[Trial]) -> None:
        """Run trials that are not known yet, each setting once, and tell the study."""
        waiting = []
        for trial in trials:
            values = self._finished(trial)
            if values is not None:
                self.known[self._overrides(trial)] = values
        for trial in trials:
            twins = [self._overrides(one) for one in waiting]
            if self._overrides(trial) not in [*self.known, *twins]:
                waiting.append(trial)
        for group in _consecutive(waiting):
            jobs = [self._overrides(trial) for trial in group]
            try:
                ended = launch(self.launcher, jobs, group[0].number)
            except QbertError:  # some launchers raise when all jobs have ended
                ended = [Ended(None, is_failed=True)] * len(group)
            for trial, one in zip(group, ended, strict=True):
                values = _values(one) or self._finished(trial)
                if values is not None:
                    self.known[self._overrides(trial)] = values
        for trial in trials:
            self.study.tell(trial, self.known.get(self._overrides(trial)))

    def _finished(self, trial: Trial) -> Values | None:
        """The result on disk, if this very job was finished before."""
        run = read_run(job_folder(self.config, trial.number))
        is_same = run is not None and run.overrides == self._overrides(trial)
        return run.outcome if run is not None and is_same else None

    def _overrides(self, trial: Trial) -> tuple[str, ...]:
        return tuple(self.study.space.overrides(trial.point))


def _consecutive(trials: Sequence[Trial]) -> Iterator[list[Trial]]:
    """Trials in groups whose numbers follow each other, as launchers count."""
    group: list[Trial] = []
    for trial in sorted(trials, key=lambda one: one.number):
        if group and trial.number != group[-1].number + 1:
            yield group
            group = []
        group.append(trial)
    if group:
        yield group


def _values(ended: Ended) -> Values | None:
    """Score and size that a job returned, if they are two finite numbers."""
    value = ended.value
    if not isinstance(value, tuple | list) or len(value) != 2:
        return None
    fine = all(isinstance(one, int | float) and isfinite(one) for one in value)
    return (float(value[0]), float(value[1])) if fine else None


def _report(study: Study, n_trials: int, folder: Path, console: Console) -> None:
    trials = study.trials()
    path = write_search(trials, n_trials, folder)
    if console.width < TABLE_WIDTH:
        console = Console(width=TABLE_WIDTH)
    console.print(front_table(trials))
    console.print(f"search  {path}", soft_wrap=True)
    console.print(
        f"front   drawn on {folder / 'report' / 'index.html'}", soft_wrap=True
    )
