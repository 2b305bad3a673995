from __future__ import annotations

import random

import pytest
from scipy import stats

from qbert_lightning.ablation.effects import Effect, effect


@pytest.mark.parametrize("count", [2, 3, 5, 20])
def test_interval_is_that_of_a_paired_t_test(count: int) -> None:
    generator = random.Random(count)
    baseline = {seed: generator.gauss(0.8, 0.1) for seed in range(count)}
    changed = {seed: value + generator.gauss(0.01, 0.02) for seed, value in
               baseline.items()}  # fmt: skip
    found = effect(baseline, changed)
    test = stats.ttest_rel(list(changed.values()), list(baseline.values()))
    low, high = test.confidence_interval(0.95)
    assert found.n == count
    assert found.mean is not None
    assert found.half_width is not None
    assert found.mean - found.half_width == pytest.approx(low)
    assert found.mean + found.half_width == pytest.approx(high)
    assert found.is_clear == (test.pvalue < 0.05)


def test_pairs_are_made_by_seed_and_not_by_place() -> None:
    """Large differences among seeds cancel, whatever the order they come in."""
    baseline = {0: 0.1, 1: 0.9, 2: 0.5}
    changed = {2: 0.4, 0: 0.0, 1: 0.8}
    found = effect(baseline, changed)
    assert found.mean == pytest.approx(-0.1)
    assert found.half_width == pytest.approx(0.0, abs=1e-12)
    assert found.is_clear


def test_one_seed_has_no_interval() -> None:
    found = effect({0: 1.0, 1: 5.0}, {0: 3.0})
    assert found == Effect(2.0, None, 1)
    assert not found.is_clear


def test_runs_that_are_missing_or_not_finite_are_left_out() -> None:
    assert effect({0: 1.0}, {1: 1.0}) == Effect(None, None, 0)
    nan = float("nan")
    assert effect({0: 1.0, 1: nan, 2: 1.0}, {0: 2.0, 1: 2.0, 2: nan}).n == 1
