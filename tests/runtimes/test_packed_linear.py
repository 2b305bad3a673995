"""One integer layer against the same in NumPy's whole numbers, and in floats."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.layers import QuantizedLinear, set_int8_forward
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import ColumnGroups, PerToken, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes import packed_linear
from qbert_lightning.runtimes.activation import Activation
from qbert_lightning.runtimes.packed_linear import IntegerLinear, PackedLinear
from qbert_lightning.runtimes.packed_weight import PackedWeight

INPUTS = (
    AffineSpec(8, symmetric=True, observer=MovingAverage()),
    AffineSpec(8, observer=MovingAverage()),
    AffineSpec(8),
    AffineSpec(8, PerToken()),
)
WEIGHTS = (
    AffineSpec(8, symmetric=True),
    AffineSpec(2, RowGroups(4)),
    AffineSpec(3, RowGroups(12), symmetric=True),
    AffineSpec(4, ColumnGroups(16)),
)


def parts() -> tuple[Tensor, ...]:
    torch.manual_seed(1)
    return torch.randn(12, 64), torch.randn(12), torch.randn(2, 5, 64)


@pytest.mark.parametrize("before", INPUTS, ids=str)
@pytest.mark.parametrize("spec", WEIGHTS, ids=str)
def test_it_is_the_product_of_the_levels(
    spec: AffineSpec, before: AffineSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    weight, bias, x = parts()
    quantizer, activation = spec.build(weight.shape), before.build()
    activation(x)
    activation.eval()
    packed = PackedWeight(quantizer.encode(weight), spec)
    arguments = (packed, bias, Activation(activation), nn.Identity())
    operands = (activation(x), quantizer(weight), bias)
    expected = F.linear(*(operand.double() for operand in operands))
    monkeypatch.setattr(packed_linear, "TOKENS_AT_ONCE", 4)
    for layer in (IntegerLinear(*arguments), PackedLinear(*arguments)):
        y = layer(x)
        assert y.shape == (2, 5, 12)
        torch.testing.assert_close(y.double(), expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("before", INPUTS[:3], ids=str)
@pytest.mark.parametrize("spec", WEIGHTS[:3], ids=str)
def test_it_is_to_the_bit_what_is_trained_on_codes(
    spec: AffineSpec, before: AffineSpec
) -> None:
    weight, bias, x = parts()
    linear = nn.Linear(64, 12)
    linear.weight.data, linear.bias.data = weight, bias
    layer = QuantizedLinear.from_float(linear, QuantScheme(spec, before), "layer")
    set_int8_forward(layer, True)
    layer(x)
    layer.eval()
    packed = PackedWeight(layer.weight_quantizer.encode(weight), spec)
    activation = Activation(layer.input_quantizer)
    integer = IntegerLinear(packed, bias, activation, nn.Identity())
    with torch.no_grad():
        assert torch.equal(integer(x), layer(x))


@pytest.mark.parametrize("spec", WEIGHTS, ids=str)
def test_no_tokens_have_no_outputs(spec: AffineSpec) -> None:
    weight, bias, x = parts()
    activation = INPUTS[1].build()
    activation(x)
    packed = PackedWeight(spec.build(weight.shape).encode(weight), spec)
    arguments = (packed, bias, Activation(activation.eval()), nn.Identity())
    for layer in (IntegerLinear(*arguments), PackedLinear(*arguments)):
        assert layer(x[:0]).shape == (0, 5, 12)


def test_sums_of_products_are_exact_whole_numbers() -> None:
    """With scales of one and no offsets the layer is whole numbers, as NumPy's are."""
    torch.manual_seed(2)
    spec = AffineSpec(8, symmetric=True)
    weight = torch.randint(-127, 128, (6, 64)).float()
    weight[0, 0] = 127.0
    activation = AffineSpec(8, symmetric=True, observer=MovingAverage()).build()
    x = torch.randint(-127, 128, (3, 64)).float()
    x[0, 0] = 127.0
    activation(x)
    activation.eval()
    packed = PackedWeight(spec.build(weight.shape).encode(weight), spec)
    layer = IntegerLinear(packed, None, Activation(activation), nn.Identity())
    expected = x.numpy().astype(np.int64) @ weight.numpy().astype(np.int64).T
    assert layer(x).tolist() == expected.tolist()


def test_a_layer_holds_no_more_than_its_codes_sums_and_bias() -> None:
    spec, before = AffineSpec(4, RowGroups(4)), INPUTS[1]
    weight, bias, x = parts()
    activation = before.build()
    activation(x)
    packed = PackedWeight(spec.build(weight.shape).encode(weight), spec)
    layer = IntegerLinear(packed, bias, Activation(activation.eval()), nn.Identity())
    held = sum(buffer.numel() * buffer.element_size() for buffer in layer.buffers())
    levels, wide_levels = 4 * (4 + 4), 4 * (1 + 4 + 4)
    assert held == 12 * 64 // 2 + levels + wide_levels + 12 * (4 + 4)
