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

from collections.abc import Iterator

import torch
from torch import Tensor

from qbert_lightning.functional.affine_matrix import AffineMatrix, code_sums, level_sums
from qbert_lightning.functional.integer_product import integer_product, row_sums

# Numbers of a product that are turned into floats at a time; they take 1 MiB.
PART = 2**18


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
    constant = weight.scale.new_zeros(()) if bias is None else bias.float()
    sums = None
    if x.offset is not None:  # symmetric inputs need no sums
        sums = code_sums(weight)
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
    y, inputs = _floats_of(product), None
    if weight.offset is not None:
        inputs = row_sums(x.codes)
        if x.steps is not None:
            inputs = inputs + x.codes.shape[1] * x.steps
    # Part by part, while it is in the cache, and where it lies: new memory costs more.
    for rows in row_parts(product):
        scale = own_rows(x.scale, rows)
        if x.steps is not None and sums is not None:
            product[rows].addcmul_(own_rows(x.steps, rows), sums)
        part = y[rows].copy_(product[rows])
        added = own_rows(constant, rows)
        torch.addcmul(added, part, scale * weight.scale.reshape(1, -1), out=part)
        if inputs is not None and weight.offset is not None:
            part.addcmul_(scale * inputs[rows], weight.offset.reshape(1, -1))
    return y


def _floats_of(product: Tensor) -> Tensor:
    """Where a product's floats go: in its own place, which no compiler can follow."""
    if torch.compiler.is_compiling():
        return torch.empty_like(product, dtype=torch.float32)
    return product.view(torch.float32)


def row_parts(matrix: Tensor) -> Iterator[slice]:
    """Rows of a matrix, as many at a time as a core's cache holds; a GPU's all at once.

    >>> import torch
    >>> [(part.start, part.stop) for part in row_parts(torch.zeros(3, PART // 2))]
    [(0, 2), (2, 4)]
    """
    height, width = matrix.shape
    on_cpu = matrix.device.type == "cpu"
    rows = max(1, PART // max(1, width) if on_cpu else height)
    for start in range(0, height, rows):
        yield slice(start, start + rows)


def own_rows(values: Tensor, rows: slice) -> Tensor:
    """Some rows of values ``[m, …]``; what all rows share, all of it."""
    return values if values.ndim < 2 or values.shape[0] == 1 else values[rows]
