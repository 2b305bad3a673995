"""Rows of a packed table against those of the quantized table."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.layers import QuantizedEmbedding
from qbert_lightning.plan import QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.activation import Activation
from qbert_lightning.runtimes.packed_embedding import PackedEmbedding
from qbert_lightning.runtimes.packed_weight import PackedWeight


def test_rows_are_those_of_the_quantized_table() -> None:
    spec, after = AffineSpec(3, RowGroups(5)), AffineSpec(8)
    table = nn.Embedding(20, 16)
    scheme = QuantScheme(weight=spec, output=after)
    quantized = QuantizedEmbedding.from_float(table, scheme, "table").eval()
    encoded = quantized.weight_quantizer.encode(table.weight)
    packed = PackedEmbedding(PackedWeight(encoded, spec), Activation(after.build()))
    indices = torch.tensor([[0, 19, 7], [7, 7, 3]])
    assert torch.equal(packed(indices), quantized(indices))


@pytest.mark.parametrize("columns", [16, 15])  # 15 codes of 3 bits end within a byte
@pytest.mark.parametrize("index", [-1, 20])
def test_ids_without_a_row_are_refused_as_torch_does(columns: int, index: int) -> None:
    spec, table = AffineSpec(3), nn.Embedding(20, columns)
    packed = PackedEmbedding(
        PackedWeight(spec.build().encode(table.weight), spec), nn.Identity()
    )
    assert packed(torch.tensor([[0, 19]])).shape == (1, 2, columns)
    for embedding in (packed, table):
        with pytest.raises(IndexError, match="out of range"):
            embedding(torch.tensor([[0, index]]))
