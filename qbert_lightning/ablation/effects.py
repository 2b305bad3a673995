"""What one change does: paired differences to the baseline, with an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from statistics import mean, stdev

from qbert_lightning.ablation.student import quantile

CONFIDENCE = 0.95

# Seed → value of one measured number.
BySeed = Mapping[int, float]


@dataclass(frozen=True)
class Effect:
    """The main effect of a change on one number.

    Attributes:
        mean: Mean difference to the baseline over the seeds; None without any.
        half_width: The interval is ``mean ± half_width``; None for fewer than two
            seeds, which say nothing about the spread.
        n: Number of seeds that both finished with.
    """

    mean: float | None
    half_width: float | None
    n: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        if self.mean is None or self.half_width is None:
            return False
        return abs(self.mean) > self.half_width


def effect(baseline: BySeed, changed: BySeed) -> Effect:
    """Student's interval of the mean of paired differences.

    Runs with the same seed start from the same weights and see the data in the same
    order, so what a seed does to both cancels in their difference.

    Args:
        baseline: Seed → value without the change.
        changed: Seed → value with it.

    Returns:
        The effect over the seeds that both have a finite value for.

    >>> effect({0: 1.0, 1: 2.0}, {0: 1.5, 1: 2.5})
    Effect(mean=0.5, half_width=0.0, n=2)
    """
    differences = [
        changed[seed] - value
        for seed, value in baseline.items()
        if seed in changed and isfinite(changed[seed]) and isfinite(value)
    ]
    if not differences:
        return Effect(None, None, 0)
    return Effect(mean(differences), half_width(differences), len(differences))


def half_width(values: Sequence[float]) -> float | None:
    """Half of the 95 % interval of a mean; None for fewer than two values.

    >>> half_width([1.0]) is None
    True
    """
    count = len(values)
    if count < 2:
        return None
    return quantile(0.5 + CONFIDENCE / 2, count - 1) * stdev(values) / sqrt(count)
