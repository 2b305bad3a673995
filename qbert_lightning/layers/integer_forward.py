"""The forward pass of a linear layer as a product of integers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from qbert_lightning.functional import quantized_linear
from qbert_lightning.layers.base import QuantizedLayer
from qbert_lightning.layers.last_input import LastInput
from qbert_lightning.quantizers import Quantizer

FLOATS = (torch.float32, torch.bfloat16, torch.float16)


def integer_forward(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    input_quantizer: nn.Module,
    weight_quantizer: nn.Module,
    last_input: LastInput,
) -> Tensor | None:
    """``Q_in(x) Q_w(W)ᵀ + b`` from codes, if the formats allow it.

    Args:
        x: ``[..., k]``.
        weight: ``[n, k]``.
        bias: ``[n]``.
        input_quantizer: Of ``x``; an identity leaves it in floating point.
        weight_quantizer: Of the weight, likewise.
        last_input: Quantizes the input.

    Returns:
        ``[..., n]``; `None`, with nothing observed, where the input has not one scale
        and the weight not one in each row, ``x`` is of another precision, or the
        weight's own gradient would be clipped.
    """
    if not isinstance(input_quantizer, Quantizer) or x.dtype not in FLOATS:
        return None
    if not isinstance(weight_quantizer, Quantizer) or weight_quantizer.clips_gradient:
        return None
    weight_levels = weight_quantizer.row_levels(weight)
    if weight_levels is None:
        return None
    input_levels = input_quantizer.row_levels(x.detach().reshape(-1, x.shape[-1]))
    if input_levels is None or input_levels.scale.numel() > 1:
        return None
    clips = input_quantizer.clips_gradient and torch.is_grad_enabled()
    quantized_x = last_input.quantized(x, input_levels, clip_gradient=clips)
    return quantized_linear(x, weight, bias, quantized_x, weight_levels)


def set_int8_forward(model: nn.Module, wanted: bool) -> None:
    """Choose how the quantized linear layers of ``model`` are computed.

    Not part of a checkpoint: it changes how numbers are computed, not what they mean.
    """
    last_input = LastInput() if wanted else None
    for module in model.modules():
        if isinstance(module, QuantizedLayer):
            module.last_input = last_input
