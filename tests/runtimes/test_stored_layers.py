"""What is read of a quantized layer is what the layer computes with."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.layers import QuantizedLinear
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import PerTensor, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.stored_layers import (
    ActivationLevels,
    bias_of,
    input_levels,
    output_levels,
    stored_weight,
)


def layer(scheme: QuantScheme) -> QuantizedLinear:
    torch.manual_seed(0)
    return QuantizedLinear.from_float(nn.Linear(6, 8), scheme, "layer").eval()


def test_codes_scales_and_offsets_are_the_quantized_weight() -> None:
    for cut in (PerTensor(), RowGroups(4)):
        for symmetric in (False, True):
            made = layer(QuantScheme(AffineSpec(3, cut, symmetric=symmetric)))
            stored = stored_weight(made)
            assert stored is not None
            assert int(stored.codes.max()) <= stored.num_steps < 2**stored.num_bits
            rebuilt = stored.codes * stored.scale + stored.offset
            expected = made.weight_quantizer(made.weight)
            assert torch.allclose(rebuilt.float(), expected, atol=1e-6)
            assert torch.allclose(stored.row_sums(), rebuilt.sum(1))
            assert stored.first == (-3 if symmetric else None)


def test_levels_are_those_of_the_quantizer() -> None:
    for symmetric in (False, True):
        spec = AffineSpec(4, symmetric=symmetric, observer=MovingAverage())
        made = layer(QuantScheme(AffineSpec(3), spec)).train()
        made(torch.linspace(-1, 2, 60).reshape(10, 6))
        levels = input_levels(made.eval())
        assert levels is not None
        values = made.input_quantizer(torch.linspace(-9, 9, 6000)).unique()
        expected = levels.low + levels.step * torch.arange(levels.num_levels)
        assert torch.allclose(values, expected, atol=1e-6)
        scale, offset, lowest, _ = made.input_quantizer.parameters_of(torch.empty(0, 0))
        assert levels.step == scale.item()  # not the ends' difference, rounded again
        assert levels.low == offset.item() + lowest * scale.item()
        assert output_levels(made) is None
        assert levels.origin == pytest.approx(expected[levels.zero].item(), abs=1e-6)
        assert abs(levels.origin) <= levels.step / 2


@pytest.mark.parametrize(("low", "zero", "origin"), [(3.0, 0, 3.0), (-9.0, 3, -6.0)])
def test_the_level_next_to_zero_is_an_end_of_a_range_beside_it(
    low: float, zero: int, origin: float
) -> None:
    levels = ActivationLevels(low, step=1.0, num_levels=4, symmetric=False)
    assert (levels.zero, levels.origin) == (zero, origin)


def test_floating_point_has_no_codes() -> None:
    waiting = layer(QuantScheme(AffineSpec(3), delay=5))
    for module in (nn.Linear(6, 8), layer(QuantScheme()), waiting):
        assert stored_weight(module) is None
        assert input_levels(module) is None


def test_a_layer_without_bias_adds_zeros() -> None:
    found = bias_of(nn.Linear(6, 8, bias=False))
    assert torch.equal(found, torch.zeros(8, dtype=torch.float64))
    linear = nn.Linear(6, 8)
    assert torch.equal(bias_of(linear), linear.bias.double())
