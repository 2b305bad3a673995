"""Percentiles against sorting."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.observers import Percentile


def test_is_the_mean_of_each_batch_s_order_statistic() -> None:
    observer = Percentile(percentile=90).build(symmetric=False)
    batches = [
        torch.randn(101, generator=torch.Generator().manual_seed(s)) for s in range(3)
    ]
    for batch in batches:
        observer(batch)
    expected_high = sum(batch.sort().values[90] for batch in batches) / 3
    expected_low = sum(batch.sort().values[10] for batch in batches) / 3
    low, high = observer.range()
    assert high.item() == pytest.approx(expected_high.item(), rel=1e-5)
    assert low.item() == pytest.approx(expected_low.item(), rel=1e-5)


def test_leaves_an_outlier_out() -> None:
    x = torch.linspace(-1, 1, 1000)
    x[0] = 1000.0
    observer = Percentile(percentile=99).build(symmetric=True)
    observer(x)
    assert observer.range()[1] < 1.01


@pytest.mark.parametrize("percentile", [50, 0, 100.1])
def test_percentile_outside_its_range(percentile: float) -> None:
    with pytest.raises(QbertError, match="percentile"):
        Percentile(percentile=percentile)
