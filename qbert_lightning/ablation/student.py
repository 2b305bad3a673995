"""Student's t distribution: the only quantile that an interval of a mean asks for."""

from __future__ import annotations

from math import atan, cos, inf, pi, sin, sqrt

TOLERANCE = 1e-12


def cumulative(t: float, degrees: int) -> float:
    """Probability that Student's t is at most ``t``, exactly.

    For whole degrees of freedom the integral is a finite sum of cosines
    (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4).

    Args:
        t: Any number.
        degrees: Degrees of freedom, 1 or more.

    Raises:
        ValueError: For less than one degree of freedom.

    >>> round(cumulative(1.0, 1), 6)
    0.75
    """
    if degrees < 1:
        raise ValueError(f"degrees={degrees}: accepted 1 or more")
    angle = atan(t / sqrt(degrees))
    square = cos(angle) ** 2
    is_odd = degrees % 2 == 1
    # Powers of the cosine below `degrees - 1`, each with its product of fractions.
    term, total = (cos(angle), 0.0) if is_odd else (1.0, 0.0)
    for power in range(2 if is_odd else 1, degrees, 2):
        total += term
        term *= square * power / (power + 1)
    central = 2 / pi * (angle + sin(angle) * total) if is_odd else sin(angle) * total
    return 0.5 + 0.5 * central


def quantile(probability: float, degrees: int) -> float:
    """The value that Student's t stays below with ``probability``, by bisection.

    Args:
        probability: Between 0 and 1, both excluded.
        degrees: Degrees of freedom, 1 or more.

    Raises:
        ValueError: For a number outside its range.

    >>> round(quantile(0.975, 2), 3)
    4.303
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability={probability}: accepted between 0 and 1")
    if probability < 0.5:
        return -quantile(1 - probability, degrees)
    low, high = 0.0, 1.0
    while cumulative(high, degrees) < probability and high < inf:
        low, high = high, 2 * high
    while high - low > TOLERANCE * max(1.0, high):
        middle = (low + high) / 2
        if cumulative(middle, degrees) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2
