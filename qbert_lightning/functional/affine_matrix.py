"""Quantized matrices as int8 codes and what they stand for."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters

CODE_SPAN = 2**7  # no int8 code is larger


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


class WidenedLevels(NamedTuple):
    """The same levels for codes that use more of int8: ``scale · code + offset``.

    Codes of few bits are multiplied by ``factor``, so that one of them comes nearer to
    zero, and less of a product is left to ``offset``.

    Attributes:
        factor: A power of two; one for codes of 7 and 8 bits.
        shift: int8 ``[groups, 1]``, added to ``factor`` times codes less `centre`;
            `None` is zero.
        scale: float32 ``[groups, 1]``.
        offset: float32 ``[groups, 1]``; half of ``scale`` at most if zero is in the
            range of codes of less than 8 bits. `None` is zero.
    """

    factor: int
    shift: Tensor | None
    scale: Tensor
    offset: Tensor | None

    def each_row(self, rows: int) -> WidenedLevels:
        """The same for each row of groups of as many: ``[groups · rows, …]``."""

        def of_rows(values: Tensor | None) -> Tensor | None:
            return None if values is None else values.repeat_interleave(rows, 0)

        scale = self.scale.repeat_interleave(rows, 0)
        return WidenedLevels(
            self.factor, of_rows(self.shift), scale, of_rows(self.offset)
        )


def widened(parameters: AffineParameters) -> WidenedLevels:
    """Levels for codes of 8 bits that stand for codes of fewer.

    Args:
        parameters: Of any shape. Codes that start below zero are symmetric: they stay
            what they are, and their offset is taken to be zero.

    >>> import torch
    >>> four_bits = AffineParameters(torch.ones(1, 1), torch.full((1, 1), -7.3), 0, 15)
    >>> factor, shift, scale, offset = widened(four_bits)
    >>> moved = torch.tensor([[-8, 7]])
    >>> (moved * factor + shift).tolist(), scale.item(), round(offset.item(), 3)
    ([[-58, 62]], 0.125, -0.05)
    """
    scale, offset, lowest, highest = parameters
    if lowest < 0:
        return WidenedLevels(1, None, scale, None)
    factor = max(1, CODE_SPAN // (highest + 1))
    width = factor * highest
    steps = scale.double() / factor
    zero = (offset / steps).round_()
    zero.clamp_(max(-CODE_SPAN, -width), min(0, CODE_SPAN - 1 - width))
    rest = torch.addcmul(offset.double(), zero, steps, value=-1)
    shift = None
    if width < 2 * CODE_SPAN - 1:  # else codes cannot move
        shift = zero.add_(factor * centre(parameters)).to(torch.int8)
    return WidenedLevels(factor, shift, steps.float(), rest.float())


def int8_matrix(codes: Tensor, parameters: AffineParameters) -> AffineMatrix:
    """A quantized matrix from codes that were moved by `centre` before.

    Args:
        codes: int8 ``[rows, k]``.
        parameters: Levels, one per group of as many consecutive rows each; see
            `widened`.
    """
    levels = widened(parameters)
    groups = levels.scale.shape[0]
    if groups > 1:
        levels = levels.each_row(codes.shape[0] // groups)
    if levels.shift is not None:
        codes = (codes * levels.factor).add_(levels.shift)
    return AffineMatrix(codes, levels.scale, levels.offset)


def code_sums(weight: AffineMatrix) -> Tensor:
    """``Σ c_w`` over the inputs, of each row: int32 ``[1, n]``."""
    return weight.codes.sum(1, dtype=torch.int32).reshape(1, -1)


def level_sums(weight: AffineMatrix, sums: Tensor) -> Tensor:
    """``Σ ŵ = s_w · Σ c_w + k · o_w`` of each row, from its `code_sums`: ``[1, n]``."""
    # In float64: what the two terms have in common can be much larger than the rest.
    levels = weight.scale.double().reshape(1, -1) * sums
    if weight.offset is not None:
        levels.add_(weight.offset.reshape(1, -1), alpha=weight.codes.shape[1])
    return levels.float()
