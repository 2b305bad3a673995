"""Codes less a zero point, and what is left over, are the weights."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.plan import QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.stored_layers import stored_weight
from qbert_lightning.runtimes.zero_points import zero_point
from tests.runtimes.layers import quantized_linear


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize("mean", [0, 1])  # with one, rows are all of one sign
def test_rows_are_put_together_again(bits: int, symmetric: bool, mean: int) -> None:
    weight = AffineSpec(bits, RowGroups(4), symmetric=symmetric)
    layer = quantized_linear(QuantScheme(weight))
    torch.nn.init.normal_(layer.weight, mean, 0.1)
    stored = stored_weight(layer)
    assert stored is not None
    found = zero_point(stored)
    assert found.zero.dtype == torch.uint8
    assert 0 <= int(found.zero.min()) <= int(found.zero.max()) <= stored.num_steps
    numbers = stored.codes.int() - found.zero.int()
    rebuilt = stored.scale * numbers + found.rest
    expected = layer.weight_quantizer(layer.weight)
    assert torch.allclose(rebuilt.float(), expected, atol=1e-6)
    if symmetric:
        assert not found.rest.any()
    elif mean == 0:
        assert (found.rest.abs() <= stored.scale / 2).all()
