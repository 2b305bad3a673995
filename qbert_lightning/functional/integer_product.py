"""Exact products of int8 matrices, wherever they are."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

# Products of bytes whose sum float32 holds, whatever they are.
EXACT = 2**24 // 128**2


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
    """Zeros around both, as CUDA asks for: ``m > 16``, ``k`` and ``n > 0`` in eights.

    >>> import torch
    >>> left, right = torch.ones(3, 9), torch.ones(12, 9)
    >>> [tuple(matrix.shape) for matrix in pad_for_cuda(left, right)]
    [(17, 16), (16, 16)]
    """
    inner = -left.shape[1] % 8
    left = F.pad(left, (0, inner, 0, max(0, 17 - left.shape[0])))
    right = F.pad(right, (0, inner, 0, max(8 - right.shape[0], -right.shape[0] % 8)))
    return left, right


def row_sums(codes: Tensor) -> Tensor:
    """Sums of int8 codes ``[m, k]``, int32 ``[m, 1]``.

    A product with ones: it takes a third of the time of PyTorch's sum.
    """
    ones = torch.ones(16, codes.shape[1], dtype=torch.int8, device=codes.device)
    return integer_product(codes, ones)[:, :1]
