r"""A linear layer on fake-quantized operands, computed on their codes.

Forward, the values of ``F.linear(fake_quantize(x), fake_quantize(W), b)`` come from an
integer product (see `integer_linear`). Only codes are kept for the backward pass, one
byte a value, which is what straight-through estimation makes of it: with ``g`` the
gradient of the output and ``x̂ = s c + o``,

    ∂x = g Ŵ  inside the range of x,      ∂W = gᵀ x̂ = s · gᵀ c + o · Σ g,      ∂b = Σ g

in which the sums run over the tokens.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from qbert_lightning.functional.affine import AffineParameters
from qbert_lightning.functional.affine_matrix import (
    CODE_SPAN,
    AffineMatrix,
    counted_from_zero,
    int8_matrix,
)
from qbert_lightning.functional.int8_codes import int8_codes
from qbert_lightning.functional.integer_linear import integer_linear
from qbert_lightning.functional.outside import Outside, clear


class QuantizedInput(NamedTuple):
    """What a linear layer needs of its quantized input, forward and backward.

    Attributes:
        matrix: ``[tokens, k]``.
        outside: Which values get no gradient, as `Outside` tells; `None` leaves the
            gradient as it is.
    """

    matrix: AffineMatrix
    outside: Tensor | None


@torch.no_grad()
def quantized_input(
    x: Tensor, levels: AffineParameters, *, clip_gradient: bool
) -> QuantizedInput:
    """Quantize the input of one or several linear layers.

    Args:
        x: ``[..., k]``.
        levels: One range for all of ``x``.
        clip_gradient: Whether values of ``x`` outside the range get no gradient.
    """
    matrix = x.reshape(-1, x.shape[-1])
    outside = Outside((1, x.numel()), levels) if clip_gradient else None
    codes = int8_codes(matrix.reshape(1, -1), levels, outside).reshape(matrix.shape)
    quantized = AffineMatrix(codes, *counted_from_zero(levels))
    return QuantizedInput(quantized, None if outside is None else outside.found())


def quantized_linear(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    quantized_x: QuantizedInput,
    weight_levels: AffineParameters,
) -> Tensor:
    """``fake_quantize(x) fake_quantize(W)ᵀ + b`` with its straight-through gradient.

    The gradient can be taken once: a second derivative raises a `RuntimeError`.

    Args:
        x: ``[..., k]``.
        weight: ``[n, k]``.
        bias: ``[n]``.
        quantized_x: What `quantized_input` made of ``x``.
        weight_levels: Of each group of consecutive rows of the weight.

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
        quantized_x,
        weight_levels,
        dtype,
    )
    return y.reshape(*x.shape[:-1], weight.shape[0])


class _QuantizedLinear(torch.autograd.Function):
    """Works on matrices; products of the backward pass are taken in ``dtype``."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        quantized_x: QuantizedInput,
        weight_levels: AffineParameters,
        dtype: torch.dtype,
    ) -> Tensor:
        matrix, outside = quantized_x
        codes = int8_codes(
            weight.reshape(weight_levels.scale.shape[0], -1), weight_levels
        )
        quantized_weight = int8_matrix(codes.reshape(weight.shape), weight_levels)
        ctx.save_for_backward(*matrix, *quantized_weight, outside)
        ctx.types = (dtype, x.dtype, weight.dtype, None if bias is None else bias.dtype)
        return integer_linear(matrix, quantized_weight, bias).to(dtype)

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any,  # noqa: ANN401
        gradient: Tensor,
    ) -> tuple[Tensor | None, ...]:
        saved = ctx.saved_tensors
        x, weight = AffineMatrix(*saved[:4]), AffineMatrix(*saved[4:8])
        outside = saved[8]
        dtype, x_type, weight_type, bias_type = ctx.types
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            of_x = (gradient @ weight.values().to(dtype)).to(x_type)
            if outside is not None:
                clear(of_x, outside)
        sums = gradient.sum(0, dtype=torch.float32)
        if ctx.needs_input_grad[1]:
            of_weight = _small_product(gradient.T, x.codes.to(dtype))
            of_weight = of_weight.float().mul_(x.scale * CODE_SPAN)
            if (zero := x.of_code_zero()) is not None:
                of_weight.addcmul_(sums.reshape(-1, 1), zero)
            of_weight = of_weight.to(weight_type)
        if ctx.needs_input_grad[2]:
            of_bias = sums.to(bias_type)
        return of_x, of_weight, of_bias, None, None, None


def _small_product(left: Tensor, codes: Tensor) -> Tensor:
    """``left codes / CODE_SPAN``, which float16 can hold: many tokens are summed."""
    ignored = left.new_zeros(1)
    return torch.addmm(ignored, left, codes, beta=0, alpha=1 / CODE_SPAN)
