"""Runs that differ by nothing but their seed, as mean and standard deviation."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from qbert_lightning.report.run import FINISHED, WHOLE, Run

# Parts of the configuration that say where and under what name, not what was computed.
NOT_A_SETTING = (
    *("name", "tags", "paths", "logger", "resume"),
    *("hydra", "experiment", "sweep"),
)


@dataclass(frozen=True)
class Summary:
    """Mean and sample standard deviation of one number over the runs of a setting.

    Attributes:
        mean: The mean; NaN or infinite when one of the values is.
        std: Sample standard deviation (n - 1); None for one value, NaN if not finite.
        n: How many values.
    """

    mean: float
    std: float | None
    n: int


@dataclass(frozen=True)
class Setting:
    """The runs of one configuration, over its seeds.

    Attributes:
        runs: The finished runs, in order of their seeds; all numbers are theirs.
        unfinished: Runs of the same configuration without a result.
    """

    runs: tuple[Run, ...]
    unfinished: tuple[Run, ...] = ()

    @property
    def first(self) -> Run:
        """Any of the runs: they agree in everything but seed and results."""
        return (self.runs or self.unfinished)[0]

    @cached_property
    def name(self) -> str:
        """The runs' name without the seed at its end."""
        return self.first.name.removesuffix(f"-s{self.first.seed}")

    @cached_property
    def settings(self) -> dict[str, object]:
        """The flattened configuration without seeds, names and places."""
        return settings(self.first)

    @property
    def split(self) -> str:
        """Description of the data behind the primary metric."""
        return split_of(self.first, self.first.primary_metric)

    @property
    def is_quantized(self) -> bool:
        """Whether the model is any smaller than in floating point."""
        return self.first.is_quantized

    @property
    def num_rows(self) -> int | None:
        """Number of rows that the primary metric was measured on, if known."""
        return rows_of(self.first, self.first.primary_metric)

    def summary(self, metric: str) -> Summary | None:
        """Mean and standard deviation of one metric, None if no run has it."""
        values = [run.metrics[metric] for run in self.runs if metric in run.metrics]
        return summarize(values) if values else None


def summarize(values: Sequence[float]) -> Summary:
    """Mean and sample standard deviation of at least one value.

    >>> summarize([1.0, 3.0])
    Summary(mean=2.0, std=1.4142135623730951, n=2)
    """
    if not all(map(math.isfinite, values)):
        std = math.nan if len(values) > 1 else None
        return Summary(sum(values), std, len(values))
    std = statistics.stdev(values) if len(values) > 1 else None
    return Summary(statistics.mean(values), std, len(values))


def settings(run: Run) -> dict[str, object]:
    """What was configured, without the seed and without names and places."""
    return {
        key: value
        for key, value in run.config.items()
        if key.split(".")[0] not in NOT_A_SETTING and key.split(".")[-1] != "seed"
    }


def configuration(run: Run) -> tuple[object, ...]:
    """Equal for runs that differ by nothing but seed, name and place."""
    configured = sorted((key, repr(value)) for key, value in settings(run).items())
    return run.task, run.method, *configured


def split_of(run: Run, metric: str) -> str:
    """Description of the data a metric was measured on.

    The split is the part of the key before its last slash, without `float/`.
    """
    split = metric.removeprefix("float/").rpartition("/")[0]
    return run.splits.get(split) or run.splits.get(split.removeprefix("test_")) or split


def rows_of(run: Run, metric: str) -> int | None:
    """Number of rows a metric was measured on, if known."""
    return run.rows.get(metric.removeprefix("float/").rpartition("/")[0])


def aggregate(runs: Iterable[Run]) -> list[Setting]:
    """The finished runs, grouped by everything but the seed.

    Runs belong together when task, method, primary metric, evaluated rows and the
    configuration without seeds, names and places are equal.

    Args:
        runs: Runs of any status; only whole, finished ones are used, for nothing was
            quantized in the others.

    Returns:
        The settings in the order of their first run.
    """
    groups: dict[tuple[object, ...], list[Run]] = {}
    for run in runs:
        if run.status == FINISHED and run.kind == WHOLE:
            metric = run.primary_metric
            evaluated = (metric, split_of(run, metric), rows_of(run, metric))
            groups.setdefault((evaluated, *configuration(run)), []).append(run)
    return [Setting(tuple(sorted(group, key=_by_seed))) for group in groups.values()]


def _by_seed(run: Run) -> tuple[bool, int, str]:
    return run.seed is None, run.seed or 0, run.started
