r"""Products of quantized matrices, computed on their codes.

Operands of affine quantization are whole numbers times a scale plus an offset, so their
product is a product of whole numbers and a few sums of them. Let ``[m, k]`` inputs be
``x̂ = s_x (c_x + z_x) + o_x``, where the whole number ``z_x`` makes codes count from the
level nearest to zero, and ``[n, k]`` weights ``ŵ = s_w c_w + o_w``, where every row has
a scale of its own (one per tensor, per group of rows or per channel are all that):

    x̂ ŵᵀ = s_x s_w · (c_x c_wᵀ + z_x Σ c_w)  +  s_x o_w · Σ (c_x + z_x)  +  o_x · Σ ŵ

The first term is whole numbers until it is scaled, so that ``z_x``, which can be large,
takes no digits. The sums run over the ``k`` inputs: the second term has rank one, and
the last, with less than a step for ``o_x``, is a constant of each output.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from qbert_lightning.functional.affine import AffineParameters

# Products of bytes whose sum float32 holds, whatever they are.
EXACT = 2**24 // 128**2


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
        if self.steps is None or self.offset is None:
            return self.offset
        return self.steps * self.scale + self.offset

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


def integer_linear(
    x: AffineMatrix, weight: AffineMatrix, bias: Tensor | None = None
) -> Tensor:
    """``x̂ ŵᵀ + b`` in float32, from an exact product of codes.

    Args:
        x: Activations ``[m, k]``, one scale for all or one per token.
        weight: ``[n, k]``, without steps.
        bias: ``[n]``.

    Returns:
        float32 ``[m, n]``: the product of the dequantized matrices, to float rounding.
    """
    sums = code_sums(weight)
    constant = sums.new_zeros((), dtype=torch.float32) if bias is None else bias.float()
    if x.offset is not None:
        constant = constant + x.offset * level_sums(weight, sums)
    return scaled_product(x, weight, sums, constant)


def scaled_product(
    x: AffineMatrix, weight: AffineMatrix, sums: Tensor | None, constant: Tensor
) -> Tensor:
    """All of ``x̂ ŵᵀ`` but the term of ``o_x``, plus a constant of each output.

    Args:
        x: Activations ``[m, k]``; their offset is not looked at.
        weight: ``[n, k]``, without steps.
        sums: Its `code_sums`, which are asked for if ``x`` has steps.
        constant: ``[n]``, or ``[m, n]``.
    """
    product = integer_product(x.codes, weight.codes)
    if x.steps is not None and sums is not None:
        product.addcmul_(x.steps, sums)
    # Converted where it lies: fresh memory costs more than the conversion.
    y = product.view(torch.float32).copy_(product)
    torch.addcmul(constant, y, x.scale * weight.scale.reshape(1, -1), out=y)
    if weight.offset is not None:
        steps = row_sums(x.codes)
        if x.steps is not None:
            steps = steps + x.codes.shape[1] * x.steps
        y.addcmul_(x.scale * steps, weight.offset.reshape(1, -1))
    return y


def code_sums(weight: AffineMatrix) -> Tensor:
    """``Σ c_w`` over the inputs, of each row: int32 ``[1, n]``."""
    return weight.codes.sum(1, dtype=torch.int32).reshape(1, -1)


def level_sums(weight: AffineMatrix, sums: Tensor) -> Tensor:
    """``Σ ŵ = s_w · Σ c_w + k · o_w`` of each row, from its `code_sums`: ``[1, n]``."""
    levels = weight.scale.reshape(1, -1) * sums
    if weight.offset is not None:
        levels = levels + weight.codes.shape[1] * weight.offset.reshape(1, -1)
    return levels


def row_sums(codes: Tensor) -> Tensor:
    """Sums of int8 codes ``[m, k]``, int32 ``[m, 1]``.

    A product with ones: it takes a third of the time of PyTorch's sum.
    """
    ones = torch.ones(16, codes.shape[1], dtype=torch.int8, device=codes.device)
    return integer_product(codes, ones)[:, :1]


def integer_product(left: Tensor, right: Tensor) -> Tensor:
    """``left rightᵀ`` of int8 matrices, exactly.

    Args:
        left: int8 ``[m, k]``.
        right: int8 ``[n, k]``.

    Returns:
        int32 ``[m, n]``.

    >>> import torch
    >>> codes = torch.tensor([[-128, 127]], dtype=torch.int8)
    >>> integer_product(codes, codes).tolist()
    [[32513]]
    """
    rows, columns = left.shape[0], right.shape[0]
    # On CPU, PyTorch 2.13 reads beyond matrices of a single column.
    if left.shape[1] < 2 or not has_operator(left.device):
        return float_product(left, right)
    if left.is_cuda:
        left, right = pad_for_cuda(left, right)
    return torch._int_mm(left.contiguous(), right.contiguous().T)[:rows, :columns]


def float_product(left: Tensor, right: Tensor) -> Tensor:
    """The same in floats, exactly: none of their sums leaves the whole numbers."""
    product = left.new_zeros(left.shape[0], right.shape[0], dtype=torch.int32)
    with torch.autocast(left.device.type, enabled=False):
        for start in range(0, left.shape[1], EXACT):
            part = slice(start, start + EXACT)
            sums = left[:, part].float() @ right[:, part].float().T
            product += sums.to(torch.int32)
    return product


def has_operator(device: torch.device) -> bool:
    """Whether PyTorch multiplies int8 matrices on ``device`` itself, and exactly."""
    if not hasattr(torch, "_int_mm"):
        return False
    return device.type == "cuda" or (device.type == "cpu" and cpu_is_exact())


@cache
def cpu_is_exact() -> bool:
    """Whether sums of two products do not overflow within the processor.

    Without VNNI, x86 adds pairs of them in 16 bits that saturate, and oneDNN leaves it
    at that: ``255 · 127 · 2`` (it moves one side to unsigned bytes) is cut off.
    """
    largest = torch.full((32, 32), 127, dtype=torch.int8)
    return bool((torch._int_mm(largest, largest) == 32 * 127**2).all())


def pad_for_cuda(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """Zeros around both, as CUDA asks for: ``m > 16``, ``k`` and ``n`` in eights.

    >>> import torch
    >>> left, right = torch.ones(3, 9), torch.ones(12, 9)
    >>> [tuple(matrix.shape) for matrix in pad_for_cuda(left, right)]
    [(17, 16), (16, 16)]
    """
    inner = -left.shape[1] % 8
    left = F.pad(left, (0, inner, 0, max(0, 17 - left.shape[0])))
    right = F.pad(right, (0, inner, 0, -right.shape[0] % 8))
    return left, right
