"""Standard errors whose variances are themselves known from few values only."""

from __future__ import annotations

from collections.abc import Sequence
from math import expm1, inf, sqrt
from statistics import fmean, variance

_NORMAL = 1.959964  # 95 % of a normal distribution are within so many deviations
_MOST = 2.0  # κ of χ² with one degree of freedom: one eigenvalue is all there is
_PRIOR = 0.5  # the weight of that beside what a pair of values shows


def widening(variances: Sequence[float], values: Sequence[Sequence[float]]) -> float:
    """How much wider √Σ V must be, that twice it still covers 95 % of cases.

    As much as Student's t is wider than the normal distribution, for the degrees of
    freedom that the sum has, ν = 2 (Σ V)² / Σ V² κ / m (Satterthwaite 1946; Cochran
    1977, section 5.4).

    Args:
        variances: V, of independent terms of a sum.
        values: m of each, one or more, which its V is proportional to the mean of.

    >>> round(widening([3.0, 1.0], [[2.0] * 99, [5.0] * 99]), 2)
    1.0
    """
    kappa = _relative_variance(values)
    uncertainty = sum(
        v**2 * kappa / len(each) for v, each in zip(variances, values, strict=True)
    )
    return t_over_z(2 * sum(variances) ** 2 / uncertainty if uncertainty else inf)


def t_over_z(degrees: float) -> float:
    """How much wider than the normal distribution Student's t is, at 95 %.

    By Wallace (1959), who errs to the safe side: by 1 % from 3 degrees of freedom on,
    4 % at 2 and 40 % at 1.

    >>> round(t_over_z(3), 2)  # 3.18 / 1.96
    1.64
    """
    if degrees == inf:
        return 1.0
    stretched = _NORMAL * (8 * degrees + 3) / (8 * degrees + 1)
    return sqrt(degrees * expm1(stretched**2 / degrees)) / _NORMAL


def _relative_variance(values: Sequence[Sequence[float]]) -> float:
    """κ: variance over squared mean, of values whose means differ but κ does not.

    The largest there can be counts a little too, so that few do not say too little.
    """
    several = [each for each in values if len(each) > 1]
    spread = sum(variance(each) for each in several)
    # The square of a mean of m is too large by a variance / m.
    squares = sum(fmean(each) ** 2 - variance(each) / len(each) for each in several)
    found = min(spread / squares, _MOST) if squares > 0 else _MOST
    pairs = sum(len(each) - 1 for each in several)
    return (_PRIOR * _MOST + pairs * found) / (_PRIOR + pairs)
