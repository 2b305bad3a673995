"""Single quantized layers that have seen inputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from qbert_lightning.layers import QuantizedLinear
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import QuantScheme
from qbert_lightning.quantizers import AffineSpec


def observed(*, symmetric: bool, bits: int = 8) -> AffineSpec:
    """Levels of an activation whose range is remembered."""
    return AffineSpec(bits, symmetric=symmetric, observer=MovingAverage())


def inputs(seed: int = 0) -> Tensor:
    """``[batch, tokens, features]``, and not about zero, as after a GELU."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(3, 7, 12, generator=generator) + 1


def quantized_linear(scheme: QuantScheme) -> QuantizedLinear:
    """A layer for `inputs`, in evaluation mode; its 8 rows differ."""
    torch.manual_seed(0)
    layer = QuantizedLinear.from_float(nn.Linear(12, 8), scheme, "layer").train()
    with torch.no_grad():
        for seed in range(3):
            layer(inputs(seed))
    return layer.eval()
