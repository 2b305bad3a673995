"""Rank correlations, against those of SciPy."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from qbert_lightning.report.rank_correlation import kendall, ranks, spearman

stats = pytest.importorskip("scipy.stats")

CASES = [
    (num_values, num_levels, seed)
    for num_values in (2, 5, 12, 40)
    for num_levels in (2, 3, 1000)
    for seed in range(5)
]


def draw(num_values: int, num_levels: int, seed: int) -> list[list[float]]:
    """Two lists that go together a little, with ties if there are few levels."""
    source = random.Random(f"{num_values} {num_levels} {seed}")
    first = [source.randrange(num_levels) / 7 for _ in range(num_values)]
    second = [x + source.randrange(num_levels) for x in first]
    return [first, second]


@pytest.mark.parametrize("case", CASES)
def test_ranks_are_those_of_scipy(case: tuple[int, int, int]) -> None:
    for values in draw(*case):
        assert ranks(values) == stats.rankdata(values).tolist()


@pytest.mark.filterwarnings("ignore:An input array is constant")
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(spearman, stats.spearmanr), (kendall, stats.kendalltau)],
)
@pytest.mark.parametrize("case", CASES)
def test_correlations_are_those_of_scipy(
    ours: Callable[..., float], theirs: Callable[..., object], case: tuple[int, ...]
) -> None:
    first, second = draw(*case)
    expected = theirs(first, second).statistic
    assert ours(first, second) == pytest.approx(expected, nan_ok=True, abs=1e-12)


@pytest.mark.parametrize("correlation", [spearman, kendall])
def test_nothing_to_rank_is_not_a_number(correlation: Callable[..., float]) -> None:
    for first, second in ([], []), ([1.0], [2.0]), ([1.0, 1.0], [1.0, 2.0]):
        assert math.isnan(correlation(first, second))


@pytest.mark.parametrize("correlation", [spearman, kendall])
def test_the_same_order_is_one_and_the_opposite_minus_one(
    correlation: Callable[..., float],
) -> None:
    values = [3.0, 1.0, 2.0, 10.0]
    assert correlation(values, [math.exp(x) for x in values]) == pytest.approx(1)
    assert correlation(values, [-x for x in values]) == pytest.approx(-1)
