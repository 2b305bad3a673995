"""Errors of sums against how often they cover the truth."""

from __future__ import annotations

from math import inf

import pytest
import torch

from qbert_lightning.hessian.widening import t_over_z, widening


@pytest.mark.parametrize(
    ("degrees", "quantile", "slack"),
    [(1, 12.706, 0.4), (2, 4.303, 0.05), (3, 3.182, 0.012), (10, 2.228, 0.002)],
)
def test_widening_is_that_of_a_table_of_students_t(
    degrees: float, quantile: float, slack: float
) -> None:
    assert 1 <= t_over_z(degrees) * 1.959964 / quantile <= 1 + slack


def test_what_is_known_is_not_widened() -> None:
    assert t_over_z(inf) == 1.0
    assert t_over_z(1e9) == pytest.approx(1.0)
    assert widening([4.0], [[7.0] * 500]) == pytest.approx(1.0, rel=0.001)
    assert widening([0.0, 0.0], [[0.0], [0.0, 0.0]]) == 1.0


def test_one_value_may_be_as_wrong_as_can_be() -> None:
    assert widening([1.0], [[5.0]]) == pytest.approx(t_over_z(1))
    assert widening([1.0, 0.0], [[5.0], [1.0]]) == pytest.approx(t_over_z(1))
    assert widening([0.5, 0.5], [[5.0], [1.0]]) == pytest.approx(t_over_z(2))


def test_many_terms_know_their_sum_better_than_each() -> None:
    two = [1.0, 1.1]
    few, many = (widening([1.0] * n, [two] * n) for n in (1, 40))
    assert few > 1.2
    assert many < 1.02


@pytest.mark.parametrize("eigenvalues", [[1.0], [1.0, 0.5], [1.0] + [0.05] * 50])
@pytest.mark.parametrize(("num_terms", "num_values"), [(1, 2), (1, 5), (4, 1), (4, 2)])
def test_twice_the_error_covers_nineteen_of_twenty(
    eigenvalues: list[float], num_terms: int, num_values: int
) -> None:
    """Terms are means of Σ λ s², s normal, and V goes by means of Σ λ² s²."""
    spectrum = torch.tensor(eigenvalues, dtype=torch.float64)
    torch.manual_seed(0)
    hits, rounds = 0, 600
    for _ in range(rounds):
        squares = torch.randn(num_terms, num_values, len(spectrum)).double().square()
        values = squares @ spectrum.square()
        variances = 2 * values.mean(1) / num_values
        error = float((squares @ spectrum).mean(1).sum() - num_terms * spectrum.sum())
        claimed = widening(variances.tolist(), values.tolist())
        claimed *= float(variances.sum().sqrt())
        hits += abs(error) <= 2 * claimed
    assert hits >= 0.92 * rounds
