"""Quantized matrices as int8 codes and what they stand for."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters


class AffineMatrix(NamedTuple):
    """A quantized matrix ``scale · (codes + steps) + offset``, as codes that fit int8.

    Attributes:
        codes: int8 ``[rows, k]``.
        scale: float32 ``[rows, 1]``, or ``[1, 1]`` for one scale.
        offset: float32, of the shape of ``scale``; `None` is zero and costs nothing.
        steps: int32, of the shape of ``scale``; `None` is zero and costs nothing.
    """

    codes: Tensor
    scale: Tensor
    offset: Tensor | None
    steps: Tensor | None = None

    def of_code_zero(self) -> Tensor | None:
        """The value that code zero stands for; `None` if that is zero."""
        if self.steps is None:
            return self.offset
        zero = self.steps * self.scale
        return zero if self.offset is None else zero + self.offset

    def values(self) -> Tensor:
        """The levels that the codes stand for, float32 ``[rows, k]``."""
        values, zero = self.codes * self.scale, self.of_code_zero()
        return values if zero is None else values.add_(zero)


def centre(parameters: AffineParameters) -> int:
    """What is subtracted from codes so that they fit int8: 128 from 0 … 255.

    >>> import torch
    >>> one = torch.ones(1, 1)
    >>> centre(AffineParameters(one, one, 0, 255))
    128
    >>> centre(AffineParameters(one, one, -127, 127))
    0
    """
    return (parameters.lowest + parameters.highest + 1) // 2


class CountedLevels(NamedTuple):
    """Levels of moved codes: ``scale · (code + steps) + offset``.

    Attributes:
        scale: float32 ``[groups, 1]``.
        offset: float32 ``[groups, 1]``; half a step at most if zero is in the range.
            `None` is zero.
        steps: int32 ``[groups, 1]``; `None` is zero.
    """

    scale: Tensor
    offset: Tensor | None
    steps: Tensor | None


def counted_from_zero(parameters: AffineParameters) -> CountedLevels:
    """The same levels for codes less `centre`, counted from the one nearest to zero.

    Args:
        parameters: Codes that start below zero are symmetric: their offset is taken to
            be zero.

    >>> import torch
    >>> levels = AffineParameters(torch.ones(1, 1), torch.full((1, 1), -7.25), 0, 255)
    >>> _, offset, steps = counted_from_zero(levels)
    >>> offset.item(), steps.item()
    (-0.25, 121)
    """
    scale, offset, lowest, _ = parameters
    if lowest < 0:
        return CountedLevels(scale, None, None)
    shift = centre(parameters)
    # No further than the codes reach: sums of whole numbers stay within int32.
    zero = (offset / scale).round_().clamp_(-2 * shift, 0)
    rest = torch.addcmul(offset, zero, scale, value=-1)
    return CountedLevels(scale, rest, zero.add_(shift).to(torch.int32))


def int8_matrix(codes: Tensor, parameters: AffineParameters) -> AffineMatrix:
    """A quantized matrix from codes that were moved by `centre` before.

    Args:
        codes: int8 ``[rows, k]``.
        parameters: Levels, one per group of as many consecutive rows each. Codes that
            start below zero are symmetric: their offset is taken to be zero.
    """
    scale = parameters.scale
    offset = None
    if parameters.lowest >= 0:
        offset = parameters.offset + centre(parameters) * scale
    rows = codes.shape[0] // scale.shape[0]
    if scale.shape[0] > 1 and rows > 1:
        scale = scale.repeat_interleave(rows, 0)
        offset = None if offset is None else offset.repeat_interleave(rows, 0)
    return AffineMatrix(codes, scale, offset)


def code_sums(weight: AffineMatrix) -> Tensor:
    """``Σ c_w`` over the inputs, of each row: int32 ``[1, n]``."""
    return weight.codes.sum(1, dtype=torch.int32).reshape(1, -1)


def level_sums(weight: AffineMatrix, sums: Tensor) -> Tensor:
    """``Σ ŵ = s_w · Σ c_w + k · o_w`` of each row, from its `code_sums`: ``[1, n]``."""
    levels = weight.scale.reshape(1, -1) * sums
    if weight.offset is not None:
        levels = levels + weight.codes.shape[1] * weight.offset.reshape(1, -1)
    return levels
