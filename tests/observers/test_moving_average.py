"""The moving average against Q8BERT's recurrence written out."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.observers import MovingAverage


def test_recurrence_of_q8bert_to_the_bit() -> None:
    observer = MovingAverage(decay=0.9).build(symmetric=True)
    batches = [
        torch.randn(4, 5, generator=torch.Generator().manual_seed(s)) for s in range(6)
    ]
    expected = None
    for batch in batches:
        observer(batch)
        largest = batch.abs().max()
        if expected is None:
            expected = largest.clone()
        else:
            expected -= (1 - 0.9) * (expected - largest)
    low, high = observer.range()
    assert high.item() == expected.item()
    assert low.item() == -expected.item()


def test_bias_correction_is_a_weighted_mean() -> None:
    observer = MovingAverage(decay=0.8, bias_correction=True).build(symmetric=False)
    highs = [3.0, 1.0, 2.0]
    for high in highs:
        observer(torch.tensor([-high, high]))
    weights = [0.2 * 0.8 ** (2 - i) for i in range(3)]
    mean = sum(w * h for w, h in zip(weights, highs, strict=True)) / sum(weights)
    assert observer.range()[1].item() == pytest.approx(mean, rel=1e-6)


def test_evaluation_mode_stands_still_and_state_is_in_buffers() -> None:
    observer = MovingAverage().build(symmetric=False)
    observer(torch.tensor([-1.0, 2.0]))
    observer.eval()
    observer(torch.tensor([-9.0, 9.0]))
    assert [x.item() for x in observer.range()] == [-1.0, 2.0]
    copy = MovingAverage().build(symmetric=False)
    copy.load_state_dict(observer.state_dict())
    assert [x.item() for x in copy.range()] == [-1.0, 2.0]


def test_a_range_before_any_data_is_refused() -> None:
    with pytest.raises(QbertError, match="calibrate"):
        MovingAverage().build(symmetric=True).range()


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_decay_outside_its_range(decay: float) -> None:
    with pytest.raises(QbertError, match="decay"):
        MovingAverage(decay=decay)
