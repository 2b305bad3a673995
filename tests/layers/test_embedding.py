"""The quantized look-up."""

from __future__ import annotations

import torch
from torch import nn

from qbert_lightning.layers import QuantizedEmbedding
from qbert_lightning.plan import PerChannel, QuantScheme
from qbert_lightning.quantizers import AffineSpec

IDS = torch.tensor([[1, 2, 0], [5, 5, 3]])


def test_rows_of_the_quantized_table_and_padding_kept() -> None:
    torch.manual_seed(0)
    table = nn.Embedding(7, 4, padding_idx=0)
    for spec in (AffineSpec(4), AffineSpec(4, PerChannel(), symmetric=True)):
        layer = QuantizedEmbedding.from_float(table, QuantScheme(weight=spec), "t")
        assert torch.equal(layer(IDS), spec.build()(table.weight)[IDS])
        assert layer.padding_idx == 0


def test_delay_and_freeze() -> None:
    torch.manual_seed(0)
    table = nn.Embedding(7, 4)
    scheme = QuantScheme(weight=AffineSpec(2), delay=1)
    layer = QuantizedEmbedding.from_float(table, scheme, "t")
    exact = table(IDS)
    assert torch.equal(layer(IDS), exact)
    quantized = layer(IDS)
    assert not torch.equal(quantized, exact)
    layer.freeze_weight()
    assert torch.equal(layer(IDS), quantized)


def test_gradient_falls_on_the_rows_that_were_looked_up() -> None:
    layer = QuantizedEmbedding.from_float(
        nn.Embedding(7, 4), QuantScheme(weight=AffineSpec(4)), "t"
    )
    layer(IDS).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.sum(1).tolist() == [4.0, 4.0, 4.0, 4.0, 0.0, 8.0, 0.0]
