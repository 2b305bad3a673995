r"""Products of quantized matrices, computed on their codes.

Operands of affine quantization are whole numbers times a scale plus an offset, so their
product is a product of whole numbers and a few sums of them. With ``x̂ = s_x c_x + o_x``
``[m, k]`` and ``ŵ = s_w c_w + o_w`` ``[n, k]``, in which every row of ``ŵ`` has a scale
of its own (one per tensor, per group of rows or per channel are all that):

    x̂ ŵᵀ = s_x s_w · c_x c_wᵀ  +  s_x o_w · Σ c_x  +  o_x (s_w · Σ c_w + k · o_w)

The first term is the integer product. The sums run over the ``k`` inputs, so the second
term has rank one and the last is a constant of each output.
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
    """A quantized matrix ``scale · codes + offset``, as codes that fit int8.

    Attributes:
        codes: int8 ``[rows, k]``.
        scale: float32 ``[rows, 1]``, or ``[1, 1]`` for one scale.
        offset: float32, of the shape of ``scale``; `None` is zero and costs nothing.
    """

    codes: Tensor
    scale: Tensor
    offset: Tensor | None

    def values(self) -> Tensor:
        """The levels that the codes stand for, float32 ``[rows, k]``."""
        values = self.codes * self.scale
        return values if self.offset is None else values.add_(self.offset)


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


def moved_offset(parameters: AffineParameters) -> Tensor:
    """The value of code zero once `centre` is subtracted from all codes."""
    return parameters.offset + centre(parameters) * parameters.scale


def int8_matrix(codes: Tensor, parameters: AffineParameters) -> AffineMatrix:
    """A quantized matrix from codes that were moved by `centre` before.

    Args:
        codes: int8 ``[rows, k]``.
        parameters: Levels, one per group of as many consecutive rows each. Codes that
            start below zero are symmetric: their offset is taken to be zero.
    """
    scale = parameters.scale
    offset = None if parameters.lowest < 0 else moved_offset(parameters)
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
        weight: ``[n, k]``.
        bias: ``[n]``.

    Returns:
        float32 ``[m, n]``: the product of the dequantized matrices, to float rounding.
    """
    weight_scale = weight.scale.reshape(1, -1)
    constant = weight_scale.new_zeros(()) if bias is None else bias.float()
    if x.offset is not None:
        constant = constant + x.offset * level_sums(weight)
    product = integer_product(x.codes, weight.codes)
    # Converted where it lies: fresh memory costs more than the conversion.
    y = product.view(torch.float32).copy_(product)
    torch.addcmul(constant, y, x.scale * weight_scale, out=y)
    if weight.offset is not None:
        y.addcmul_(x.scale * row_sums(x.codes), weight.offset.reshape(1, -1))
    return y


def level_sums(weight: AffineMatrix) -> Tensor:
    """``Σ ŵ = s_w · Σ c_w + k · o_w`` over the inputs, of each row: ``[1, n]``."""
    sums = weight.scale.reshape(1, -1) * weight.codes.sum(1, dtype=torch.int32)
    if weight.offset is not None:
        sums = sums + weight.codes.shape[1] * weight.offset.reshape(1, -1)
    return sums


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
