"""Single quantized layers that have seen inputs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from qbert_lightning.functional import dequantize, quantize
from qbert_lightning.layers import QuantizedLinear
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineQuantizer, AffineSpec


def observed(*, symmetric: bool, bits: int = 8) -> AffineSpec:
    """Levels of an activation whose range is remembered."""
    return AffineSpec(bits, symmetric=symmetric, observer=MovingAverage())


def inputs(seed: int = 0) -> Tensor:
    """``[batch, tokens, features]``, and not about zero, as after a GELU."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, 7, 12, generator=generator) + 1


def levels_in_float64(quantizer: AffineQuantizer, groups: Tensor) -> Tensor:
    """Fake quantization of ``[groups, elements]`` whose levels are not rounded."""
    levels = quantizer.parameters_of(groups)
    exact = levels._replace(scale=levels.scale.double(), offset=levels.offset.double())
    return dequantize(quantize(groups, levels).double(), exact)


@torch.no_grad()
def far_to_one_side() -> tuple[
    QuantizedLinear, nn.Embedding, Callable[[Tensor], Tensor]
]:
    """A layer whose inputs, rows of a table, have a range far to one side of zero.

    The third is the product of the levels in float64.
    """
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(16, 384, generator=generator)
    rows[0, :2] = torch.tensor([-7.0, 28.0])  # as after a LayerNorm of BERT
    scheme = QuantScheme(AffineSpec(4, RowGroups(16)), observed(symmetric=False))
    torch.manual_seed(0)
    layer = QuantizedLinear.from_float(nn.Linear(384, 64), scheme, "layer").train()
    layer(rows)
    layer.eval()
    table = nn.Embedding.from_pretrained(rows)

    def exact(ids: Tensor) -> Tensor:
        x = levels_in_float64(layer.input_quantizer, table(ids).reshape(1, -1))
        w = levels_in_float64(layer.weight_quantizer, layer.weight.reshape(16, -1))
        return x.reshape(*ids.shape, 384) @ w.reshape(64, 384).T + layer.bias.double()

    return layer, table, exact


def quantized_linear(scheme: QuantScheme) -> QuantizedLinear:
    """A layer for `inputs`, in evaluation mode; its 8 rows differ."""
    torch.manual_seed(0)
    layer = QuantizedLinear.from_float(nn.Linear(12, 8), scheme, "layer").train()
    with torch.no_grad():
        for seed in range(3):
            layer(inputs(seed))
    return layer.eval()
