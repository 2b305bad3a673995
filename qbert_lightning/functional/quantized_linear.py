r"""A linear layer on fake-quantized operands, computed on their codes.

Forward, the values of ``F.linear(fake_quantize(x), fake_quantize(W), b)`` come from an
integer product (see `integer_product`). Only codes are kept for the backward pass, one
byte a value, which is what straight-through estimation makes of it: with ``g`` the
gradient of the output and ``x̂ = s c + o``,

    ∂x = g Ŵ  inside the range of x,      ∂W = gᵀ x̂ = s · gᵀ c + o · Σ g,      ∂b = Σ g

in which the sums run over the tokens.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from qbert_lightning.functional.affine import AffineParameters
from qbert_lightning.functional.blocks import clear, values_outside
from qbert_lightning.functional.int8_codes import int8_codes
from qbert_lightning.functional.integer_product import (
    AffineMatrix,
    int8_matrix,
    integer_linear,
)


def quantized_linear(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    input_levels: AffineParameters,
    weight_levels: AffineParameters,
    *,
    clip_gradient: bool,
) -> Tensor:
    """``fake_quantize(x) fake_quantize(W)ᵀ + b`` with its straight-through gradient.

    The gradient can be taken once: a second derivative raises a `RuntimeError`.

    Args:
        x: ``[..., k]``.
        weight: ``[n, k]``.
        bias: ``[n]``.
        input_levels: One range for all of ``x``.
        weight_levels: Of each group of consecutive rows of the weight.
        clip_gradient: Whether values of ``x`` outside the range get no gradient.

    Returns:
        ``[..., n]``, of autocast's type where that is on, else of the type of ``x``.
    """
    device = x.device.type
    dtype = x.dtype
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
    y: Tensor = _QuantizedLinear.apply(  # type: ignore[no-untyped-call]
        x.reshape(-1, x.shape[-1]),
        weight,
        bias,
        input_levels,
        weight_levels,
        clip_gradient,
        dtype,
    )
    return y.reshape(*x.shape[:-1], -1)


class _QuantizedLinear(torch.autograd.Function):
    """Works on matrices; products of the backward pass are taken in ``dtype``."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        input_levels: AffineParameters,
        weight_levels: AffineParameters,
        clip_gradient: bool,
        dtype: torch.dtype,
    ) -> Tensor:
        quantized_x = _quantized(x, input_levels)
        quantized_weight = _quantized(weight, weight_levels)
        outside = None
        if clip_gradient:
            outside = values_outside(x.reshape(1, -1), input_levels)
        ctx.save_for_backward(*quantized_x, *quantized_weight, outside)
        ctx.types = (dtype, x.dtype, weight.dtype, None if bias is None else bias.dtype)
        return integer_linear(quantized_x, quantized_weight, bias).to(dtype)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any,  # noqa: ANN401
        gradient: Tensor,
    ) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors
        x, weight, outside = (
            AffineMatrix(*saved[:3]),
            AffineMatrix(*saved[3:6]),
            saved[6],
        )
        dtype, x_type, weight_type, bias_type = ctx.types
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            of_x = (gradient @ weight.values().to(dtype)).to(x_type)
            if outside is not None:
                clear(of_x, outside)
        sums = gradient.sum(0, dtype=torch.float32)
        if ctx.needs_input_grad[1]:
            of_weight = (gradient.T @ x.codes.to(dtype)).float().mul_(x.scale)
            if x.offset is not None:
                of_weight.addcmul_(sums.reshape(-1, 1), x.offset)
            of_weight = of_weight.to(weight_type)
        if ctx.needs_input_grad[2]:
            of_bias = sums.to(bias_type)
        return of_x, of_weight, of_bias, None, None, None, None


def _quantized(matrix: Tensor, levels: AffineParameters) -> AffineMatrix:
    """A matrix ``[rows, columns]`` on levels of groups of consecutive rows."""
    codes = int8_codes(matrix.reshape(levels.scale.shape[0], -1), levels)
    return int8_matrix(codes.reshape(matrix.shape), levels)
