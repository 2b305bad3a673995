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


def unrounded_codes(groups: Tensor, parameters: AffineParameters) -> Tensor:
    """``(x − offset) / scale`` of ``groups`` ``[groups, elements]``, in new memory."""
    return (groups - parameters.offset).div_(parameters.scale)


def quantize(groups: Tensor, parameters: AffineParameters) -> Tensor:
    """Nearest codes of ``groups`` ``[groups, elements]``, as float32 whole numbers."""
    codes = unrounded_codes(groups, parameters).round_()
    return codes.clamp_(parameters.lowest, parameters.highest)


def dequantize(codes: Tensor, parameters: AffineParameters) -> Tensor:
    """The levels that ``codes`` ``[groups, elements]`` stand for, float32."""
    return (codes * parameters.scale).add_(parameters.offset)
