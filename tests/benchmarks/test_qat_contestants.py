"""Contestants compute what they say they do."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.benchmarks.qat_contestants import FLOAT, contestants
from qbert_lightning.layers import QuantizedLinear, quantized_layers
from tests.tiny import tiny_batch, tiny_bert


@pytest.mark.parametrize("who", contestants(4))
def test_logits_are_near_the_float_ones_by_what_the_bits_cost(who: str) -> None:
    exact = tiny_bert().eval()(**tiny_batch()).logits
    model = contestants(4)[who](tiny_bert()).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    error = float((model(**tiny_batch()).logits - exact).detach().abs().max())
    if who == FLOAT:
        assert error < 1e-6
    else:
        limit = {"w4": 0.1, "w2": 0.3}.get(who.split(",")[1].split()[-1], 0.02)
        assert 0 < error < limit


def test_ours_come_in_pairs_that_differ_in_the_forward_pass_only() -> None:
    pairs = [who for who in contestants(4) if who.startswith("ours")]
    assert len(pairs) == 6
    for who in pairs:
        model = contestants(4)[who](tiny_bert())
        layers = quantized_layers(model).values()
        assert sum(isinstance(each, QuantizedLinear) for each in layers) == 12
        assert {each.last_input is not None for each in layers} == {
            who.endswith("int8")
        }
