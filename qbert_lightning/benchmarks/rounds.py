"""Ratios of two contestants over interleaved rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Ratio:
    """How many times as much one took as the other, in each round.

    A ratio within a round is of two runs shortly after each other, so a machine that
    is slower for a while does not change it.

    Attributes:
        rounds: The ratio of each round.
        is_lower_bound: Whether the numerator stopped before it was as exact as the
            denominator, so that the true ratio is larger.

    >>> str(Ratio.of([4.0, 6.0, 5.0], [2.0, 2.0, 2.0]))
    '2.5 [2.0, 3.0]'
    >>> str(Ratio.of([40.0], [2.0], is_lower_bound=True))
    '≥ 20'
    """

    rounds: tuple[float, ...]
    is_lower_bound: bool = False

    @classmethod
    def of(
        cls,
        numerators: Sequence[float],
        denominators: Sequence[float],
        *,
        is_lower_bound: bool = False,
    ) -> Ratio:
        """The ratios of two series with one value for each round."""
        pairs = zip(numerators, denominators, strict=True)
        return cls(tuple(over / under for over, under in pairs), is_lower_bound)

    @property
    def median(self) -> float:
        """Of the rounds."""
        return median(self.rounds)

    def as_dict(self) -> dict[str, object]:
        """Median, rounds and whether they are lower bounds."""
        return {
            "median": self.median,
            "rounds": list(self.rounds),
            "is_lower_bound": self.is_lower_bound,
        }

    def __str__(self) -> str:
        sign = "≥ " if self.is_lower_bound else ""
        spread = ""
        if len(self.rounds) > 1:
            spread = f" [{_short(min(self.rounds))}, {_short(max(self.rounds))}]"
        return f"{sign}{_short(self.median)}{spread}"


def _short(value: float) -> str:
    """Three figures at most below a thousand.

    >>> _short(0.345), _short(2.345), _short(23.45), _short(2345.0)
    ('0.34', '2.3', '23', '2345')
    """
    places = 2 if value < 2 else 1 if value < 10 else 0
    return f"{value:.{places}f}"
