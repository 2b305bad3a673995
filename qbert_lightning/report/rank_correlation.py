"""How far two rankings of the same things agree: Spearman's ρ and Kendall's τ."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence


def ranks(values: Sequence[float]) -> list[float]:
    """The rank of each value, from 1; equal values share the mean of their ranks.

    >>> ranks([0.5, 3.0, 0.5])
    [1.5, 3.0, 1.5]
    """
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    for _, group in itertools.groupby(order, key=values.__getitem__):
        members = list(group)
        for index in members:
            found[index] = start + (len(members) + 1) / 2
        start += len(members)
    return found


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's ρ: the linear correlation of the ranks.

    Args:
        first: Finite numbers.
        second: As many.

    Returns:
        Between -1 and 1; NaN when either side is constant or holds fewer than two.

    >>> spearman([1.0, 2.0, 3.0], [10.0, 30.0, 20.0])
    0.5
    """
    a, b = _centred(ranks(first)), _centred(ranks(second))
    scale = math.sqrt(math.fsum(x * x for x in a) * math.fsum(y * y for y in b))
    together = math.fsum(x * y for x, y in zip(a, b, strict=True))
    return together / scale if scale else math.nan


def kendall(first: Sequence[float], second: Sequence[float]) -> float:
    """Kendall's τ-b: pairs in the same order less pairs in the opposite one.

    Ties are accounted for as Kendall (1945) does: ``(C − D) / √((P − T₁)(P − T₂))``
    with ``P`` pairs, of which ``T₁`` and ``T₂`` are tied on either side.

    Args:
        first: Finite numbers.
        second: As many.

    Returns:
        Between -1 and 1; NaN when either side is constant or holds fewer than two.

    >>> round(kendall([1.0, 2.0, 3.0], [10.0, 30.0, 20.0]), 4)
    0.3333
    """
    pairs = list(itertools.combinations(zip(first, second, strict=True), 2))
    signs = [(_sign(a[0], b[0]), _sign(a[1], b[1])) for a, b in pairs]
    untied = math.prod(sum(sign[side] != 0 for sign in signs) for side in (0, 1))
    agreement = sum(a * b for a, b in signs)
    return agreement / math.sqrt(untied) if untied else math.nan


def _centred(values: Sequence[float]) -> list[float]:
    mean = math.fsum(values) / max(len(values), 1)
    return [value - mean for value in values]


def _sign(a: float, b: float) -> int:
    return (a > b) - (a < b)
