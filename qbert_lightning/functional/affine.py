r"""Uniform affine quantization: evenly spaced levels between the ends of a range.

Every format here is ``x̂ = scale · code + offset`` with whole-number codes:

* *asymmetric* (Q-BERT, equation 1): codes ``0 … 2^k − 1``, ``offset`` is the lower end
  of the range and ``scale = (high − low) / (2^k − 1)``;
* *symmetric* (Q8BERT, section 2): codes ``−M … M`` with ``M = 2^(k−1) − 1``, ``offset``
  is zero and ``scale = max|x| / M``.

Codes are always clamped, ranges are always float32, and a group whose values are all
equal is represented exactly (scale one, code zero).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx


class AffineParameters(NamedTuple):
    """The levels of each group: ``scale · code + offset``.

    Attributes:
        scale: Distance of neighbouring levels, float32 ``[groups, 1]``, positive.
        offset: Value of code zero, float32 ``[groups, 1]``.
        lowest: Smallest code.
        highest: Largest code.
    """

    scale: Tensor
    offset: Tensor
    lowest: int
    highest: int


def code_range(num_bits: int, *, symmetric: bool) -> tuple[int, int]:
    """Smallest and largest code.

    >>> code_range(8, symmetric=True), code_range(2, symmetric=False)
    ((-127, 127), (0, 3))
    """
    if symmetric:
        highest = 2 ** (num_bits - 1) - 1
        return -highest, highest
    return 0, 2**num_bits - 1


def choose_parameters(
    low: Tensor, high: Tensor, num_bits: int, *, symmetric: bool
) -> AffineParameters:
    """The levels that span a range.

    Args:
        low: Lower ends ``[groups, 1]``.
        high: Upper ends ``[groups, 1]``; of the same shape, not below ``low``.
        num_bits: Code width.
        symmetric: Whether levels are symmetric about zero.

    >>> import torch
    >>> choose_parameters(torch.tensor([[-1.0]]), torch.tensor([[2.0]]), 2,
    ...     symmetric=False).scale.item()
    1.0
    """
    lowest, highest = code_range(num_bits, symmetric=symmetric)
    low, high = low.float(), high.float()
    if symmetric:
        width, steps = torch.maximum(low.abs(), high.abs()), highest
        offset = torch.zeros_like(width)
    else:
        width, steps, offset = high - low, highest - lowest, low
    scale = width / steps
    # A range too narrow for float32 holds one value: level zero represents it.
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    return AffineParameters(scale, offset, lowest, highest)


def quantize(groups: Tensor, parameters: AffineParameters) -> Tensor:
    """Nearest codes of ``groups`` ``[groups, elements]``, as float32 whole numbers."""
    scale, offset, lowest, highest = parameters
    return (groups - offset).div_(scale).round_().clamp_(lowest, highest)


def dequantize(codes: Tensor, parameters: AffineParameters) -> Tensor:
    """The levels that ``codes`` ``[groups, elements]`` stand for, float32."""
    return (codes * parameters.scale).add_(parameters.offset)


def fake_quantize(
    groups: Tensor, parameters: AffineParameters, *, clip_gradient: bool = True
) -> Tensor:
    """Quantize and dequantize, with a straight-through gradient.

    The gradient is one inside the range and, with ``clip_gradient``, zero outside it
    (Q-BERT section 3); without, it is one everywhere (Q8BERT).

    Args:
        groups: ``[groups, elements]``, any floating type.
        parameters: Levels of each group.
        clip_gradient: Whether values outside the range get no gradient.

    Returns:
        ``[groups, elements]`` in the type of ``groups``.

    >>> import torch
    >>> x = torch.tensor([[-1.0, 0.4, 2.0]])
    >>> levels = choose_parameters(x.amin(1, True), x.amax(1, True), 2, symmetric=False)
    >>> fake_quantize(x, levels).tolist()
    [[-1.0, 0.0, 2.0]]
    """
    result: Tensor = _FakeQuantize.apply(  # type: ignore[no-untyped-call]
        groups, *parameters, clip_gradient
    )
    return result


class _FakeQuantize(torch.autograd.Function):
    """One pass with one temporary; keeps at most a mask for the backward pass."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        groups: Tensor,
        scale: Tensor,
        offset: Tensor,
        lowest: int,
        highest: int,
        clip_gradient: bool,
    ) -> Tensor:
        parameters = AffineParameters(scale, offset, lowest, highest)
        inside = None
        if clip_gradient:
            low, high = scale * lowest + offset, scale * highest + offset
            inside = (groups >= low) & (groups <= high)
        ctx.save_for_backward(inside)  # type: ignore[arg-type]
        codes = quantize(groups.float(), parameters)
        return codes.mul_(scale).add_(offset).to(groups.dtype)

    @staticmethod
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (inside,) = ctx.saved_tensors  # type: ignore[attr-defined]
        if inside is not None:
            gradient = gradient * inside
        return gradient, None, None, None, None, None
