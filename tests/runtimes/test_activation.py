"""Activations in service against the quantizer that learnt their ranges."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import PerToken
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.activation import Activation

SPECS = (
    AffineSpec(8, symmetric=True, observer=MovingAverage()),
    AffineSpec(8, observer=MovingAverage(0.9, bias_correction=True)),
    AffineSpec(4, symmetric=True),
    AffineSpec(8),
    AffineSpec(8, PerToken()),
)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_levels_and_codes_are_those_of_fake_quantization(spec: AffineSpec) -> None:
    torch.manual_seed(0)
    quantizer = spec.build()
    quantizer(torch.randn(5, 6))
    quantizer.eval()
    activation = Activation(quantizer)
    x = 3 * torch.randn(2, 4, 6)  # much of it outside the observed range
    expected = quantizer(x)
    assert torch.equal(activation(x), expected)
    tiles = [*activation.codes(x.reshape(8, 6), 3)]
    assert [len(tile.codes) for tile in tiles] == [3, 3, 2]
    assert {tile.codes.dtype for tile in tiles} == {torch.int8}
    assert {tile.steps is None for tile in tiles} == {spec.symmetric}
    levels = torch.cat([tile.values() for tile in tiles])
    expected = expected.reshape(8, 6)
    torch.testing.assert_close(levels, expected, rtol=1e-5, atol=1e-6)
