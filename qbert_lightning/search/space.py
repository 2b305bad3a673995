"""The search space that sweep overrides span; no search library is needed for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hydra.core.override_parser.types import (
    IntervalSweep,
    Override,
    RangeSweep,
)

from qbert_lightning.errors import QbertError

# Key of an override → the value it has in one job, as it is written there.
Point = dict[str, str]


class Chooser(Protocol):
    """The part of an Optuna trial that chooses; what it chose before stays."""

    def suggest_categorical(self, name: str, choices: Sequence[str]) -> str:
        """One of the choices."""

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """A whole number, both ends included."""

    def suggest_float(
        self, name: str, low: float, high: float, *, log: bool = False
    ) -> float:
        """A number, both ends included."""


@dataclass(frozen=True)
class Values:
    """Listed values, in no order: ``2,4,8``, ``choice(...)`` or ``glob(...)``."""

    values: tuple[str, ...]

    def choose(self, trial: Chooser, key: str) -> str:
        """The value of ``key`` in a trial, as override text."""
        return trial.suggest_categorical(key, self.values)

    def parameter(self, value: str) -> str | None:
        """A value as the search library stores it; None if it is not in the space."""
        return value if value in self.values else None


@dataclass(frozen=True)
class WholeNumbers:
    """Whole numbers: ``range(1,9,2)`` or ``int(interval(1,8))``."""

    low: int
    high: int
    step: int = 1
    log: bool = False

    def choose(self, trial: Chooser, key: str) -> str:
        """The value of ``key`` in a trial, as override text."""
        number = trial.suggest_int(
            key, self.low, self.high, step=self.step, log=self.log
        )
        return str(number)

    def parameter(self, value: str) -> int | None:
        """A value as the search library stores it; None if it is not in the space."""
        if not value.isdecimal():
            return None
        number = int(value)
        is_on_grid = (number - self.low) % self.step == 0
        return number if self.low <= number <= self.high and is_on_grid else None


@dataclass(frozen=True)
class RealNumbers:
    """A number between two: ``interval(0.1,1)``, ``tag(log, interval(1e-5,1))``."""

    low: float
    high: float
    log: bool = False

    def choose(self, trial: Chooser, key: str) -> str:
        """The value of ``key`` in a trial, as override text."""
        return repr(trial.suggest_float(key, self.low, self.high, log=self.log))

    def parameter(self, value: str) -> float | None:
        """A value as the search library stores it; None if it is not in the space."""
        try:
            number = float(value)
        except ValueError:
            return None
        return number if self.low <= number <= self.high else None


Dimension = Values | WholeNumbers | RealNumbers


@dataclass(frozen=True)
class SearchSpace:
    """What a search varies, and what all of its jobs have in common.

    Attributes:
        dimensions: Key → the values it may take.
        fixed: Overrides of every job.
    """

    dimensions: Mapping[str, Dimension] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()

    def choose(self, trial: Chooser) -> Point:
        """The point of a trial; what the trial has chosen before stays."""
        return {
            key: dimension.choose(trial, key)
            for key, dimension in self.dimensions.items()
        }

    def overrides(self, point: Mapping[str, str]) -> list[str]:
        """The overrides of the job at a point."""
        return [*self.fixed, *(f"{key}={value}" for key, value in point.items())]

    def parameters(self, point: Mapping[str, str]) -> dict[str, str | int | float]:
        """A point, or part of one, as the search library stores it.

        Returns:
            Nothing if a value is not in the space.
        """
        stored: dict[str, str | int | float] = {}
        for key, value in point.items():
            dimension = self.dimensions.get(key)
            parameter = None if dimension is None else dimension.parameter(value)
            if parameter is None:
                return {}
            stored[key] = parameter
        return stored

    def describe(self) -> dict[str, str]:
        """Each key's values in words; equal for equal spaces."""
        return {key: repr(values) for key, values in self.dimensions.items()}


def read_space(asked: Sequence[Override], typed: Sequence[Override]) -> SearchSpace:
    """The space of a sweep.

    Args:
        asked: ``hydra.sweeper.params``.
        typed: Overrides of the command line, which win.

    Raises:
        QbertError: If nothing is varied, or the seed is.

    >>> from hydra.core.override_parser.overrides_parser import OverridesParser
    >>> read = OverridesParser.create().parse_overrides
    >>> read_space(read(["a=1,2", "b=1,2"]), read(["b=3"]))
    SearchSpace(dimensions={'a': Values(values=('1', '2'))}, fixed=('b=3',))
    """
    last = {one.get_key_element(): one for one in [*asked, *typed]}
    dimensions: dict[str, Dimension] = {}
    fixed = []
    for key, override in last.items():
        if not override.is_sweep_override():
            fixed.append(f"{key}={override.get_value_element_as_str()}")
        elif key == "seed":
            raise QbertError(
                f"{override.input_line}: a search would choose the luckiest seed: "
                "accepted one seed"
            )
        else:
            dimensions[key] = _dimension(override)
    if not dimensions:
        raise QbertError(
            "hydra.sweeper.params: nothing to search over: accepted several values of "
            "a key, such as quant.groups=1,4,32,128 on the command line"
        )
    return SearchSpace(dimensions, tuple(fixed))


def _dimension(override: Override) -> Dimension:
    sweep = override.value()
    if isinstance(sweep, IntervalSweep):
        return _interval(sweep, str(override.input_line))
    values = tuple(override.sweep_string_iterator())
    if isinstance(sweep, RangeSweep):
        numbers = [one for one in sweep.range() if type(one) is int]
        if len(numbers) == len(values) > 1:
            ordered = sorted(numbers)
            return WholeNumbers(ordered[0], ordered[-1], ordered[1] - ordered[0])
    return Values(values)


def _interval(sweep: IntervalSweep, text: str) -> Dimension:
    low, high = sweep.start, sweep.end
    is_log = "log" in (sweep.tags or ())
    if low is None or high is None or not low <= high or (is_log and low <= 0):
        raise QbertError(
            f"{text}: accepted a lower and an upper end, above 0 for tag(log, ...)"
        )
    if isinstance(low, int) and isinstance(high, int):
        return WholeNumbers(low, high, log=is_log)
    return RealNumbers(float(low), float(high), log=is_log)
