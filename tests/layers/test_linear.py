"""The quantized matrix product against the formula."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from qbert_lightning.layers import QuantizedLinear
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import QuantScheme
from qbert_lightning.quantizers import AffineSpec

ACTIVATION = AffineSpec(
    8, symmetric=True, observer=MovingAverage(), clip_gradient=False
)


def layer(scheme: QuantScheme) -> QuantizedLinear:
    torch.manual_seed(0)
    return QuantizedLinear.from_float(nn.Linear(6, 4), scheme, "layer")


def test_is_the_product_of_quantized_operands() -> None:
    scheme = QuantScheme(AffineSpec(4), AffineSpec(8), AffineSpec(8))
    quantized, x = layer(scheme), torch.randn(5, 6)
    weight = AffineSpec(4).build()(quantized.weight)
    inside = F.linear(AffineSpec(8).build()(x), weight, quantized.bias)
    assert torch.equal(quantized(x), AffineSpec(8).build()(inside))


def test_delay_computes_in_floating_point_first() -> None:
    """Q8BERT's ``start_step``: counted in training only."""
    quantized = layer(QuantScheme(weight=AffineSpec(2), input=ACTIVATION, delay=2))
    x = torch.randn(5, 6)
    exact = F.linear(x, quantized.weight, quantized.bias)
    quantized.eval()
    assert torch.equal(quantized(x), exact)
    quantized.train()
    assert torch.equal(quantized(x), exact)
    assert torch.equal(quantized(x), exact)
    assert not torch.equal(quantized(x), exact)
    assert int(quantized.step) == 3
    quantized.eval()
    assert not torch.equal(quantized(x), exact)
    assert int(quantized.step) == 3


def test_freezing_changes_the_weight_and_not_the_result() -> None:
    quantized, x = layer(QuantScheme(weight=AffineSpec(3))), torch.randn(5, 6)
    before = quantized(x)
    quantized.freeze_weight()
    assert torch.equal(quantized(x), before)
    assert len(quantized.weight.unique()) <= 8


def test_gradient_reaches_weight_bias_and_input() -> None:
    quantized = layer(QuantScheme(AffineSpec(4), ACTIVATION))
    x = torch.randn(5, 6, requires_grad=True)
    quantized(x).square().sum().backward()
    for tensor in (x, quantized.weight, quantized.bias):
        assert tensor.grad is not None
        assert tensor.grad.abs().sum() > 0


def test_integer_arithmetic_gives_the_same_result() -> None:
    """Q8BERT, section 2: int8 codes, int32 sums, one rescale at the end."""
    quantized = layer(QuantScheme(AffineSpec(8, symmetric=True), ACTIVATION))
    x = torch.randn(5, 6)
    fake = quantized(x)
    quantized.eval()
    spec = AffineSpec(8, symmetric=True)
    weight = spec.build().encode(quantized.weight)
    codes_w = weight.codes.reshape(4, 6).long() - 127
    scale_x = quantized.input_quantizer.observer.high / 127
    codes_x = (x / scale_x).round().clamp(-127, 127).long()
    product = (codes_x @ codes_w.T).float() * scale_x * weight.tensors["scale"]
    assert torch.allclose(fake, product + quantized.bias, atol=1e-5)
