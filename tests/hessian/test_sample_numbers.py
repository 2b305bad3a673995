"""Numbers of samples against every other choice of numbers."""

from __future__ import annotations

from itertools import product

import pytest

from qbert_lightning.hessian.sample_numbers import sample_numbers

VARIANCES = [9.0, 4.0, 0.25, 0.0]


def spread(numbers: list[int]) -> float:
    return sum(v / n for v, n in zip(VARIANCES, numbers, strict=True))


@pytest.mark.parametrize("target", [20.0, 6.0, 3.0, 1.7])
def test_no_other_numbers_reach_the_target_with_fewer(target: float) -> None:
    found = sample_numbers(VARIANCES, [1.0] * 4, [1] * 4, target=target, budget=1e9)
    fewest = min(
        sum(numbers)
        for numbers in product(range(1, 12), repeat=4)
        if spread(list(numbers)) <= target
    )
    assert spread(found) <= target
    assert sum(found) == fewest


def test_what_costs_less_gets_more() -> None:
    equal, dear = (
        sample_numbers([4.0, 4.0], [1.0, cost], [1, 1], target=0.1, budget=1e9)
        for cost in (1.0, 9.0)
    )
    assert equal[0] == equal[1]
    assert dear[0] / dear[1] == pytest.approx(3, rel=0.1)


def test_the_budget_is_kept_and_what_is_there_stays() -> None:
    found = sample_numbers(VARIANCES, [2.0] * 4, [1, 5, 1, 1], target=0.0, budget=30.0)
    assert found[1] >= 5
    assert 2 * sum(found) <= 30
    over = sample_numbers(VARIANCES, [2.0] * 4, [1, 5, 1, 1], target=0.0, budget=1.0)
    assert over == [1, 5, 1, 1]


def test_nothing_more_is_taken_of_what_does_not_vary() -> None:
    assert sample_numbers([0.0], [1.0], [1], target=0.0, budget=9.0) == [1]
