from __future__ import annotations

import pytest
from scipy import stats

from qbert_lightning.ablation.student import cumulative, quantile


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 10, 29, 30, 99, 1000])
def test_distribution_and_quantile_are_those_of_scipy(degrees: int) -> None:
    for t in (-30.0, -2.0, -0.1, 0.0, 0.5, 1.0, 3.0, 12.7, 400.0):
        assert cumulative(t, degrees) == pytest.approx(
            stats.t.cdf(t, degrees), rel=1e-9, abs=1e-12
        )
    for probability in (0.005, 0.025, 0.2, 0.5, 0.9, 0.975, 0.995):
        assert quantile(probability, degrees) == pytest.approx(
            stats.t.ppf(probability, degrees), rel=1e-8, abs=1e-9
        )


@pytest.mark.parametrize("degrees", [0, -1])
def test_no_degree_of_freedom_is_refused(degrees: int) -> None:
    with pytest.raises(ValueError, match="accepted 1 or more"):
        quantile(0.9, degrees)


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, 2.0])
def test_no_probability_is_refused(probability: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile(probability, 3)
