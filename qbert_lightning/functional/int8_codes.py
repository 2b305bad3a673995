"""Codes of one byte a value, and which values the range leaves out."""

from __future__ import annotations

import torch
from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters, quantize
from qbert_lightning.functional.integer_product import centre

# Values whose float32 temporaries stay in the cache of a core.
BLOCK = 2**16


def int8_codes(
    groups: Tensor, parameters: AffineParameters, *, find_outside: bool = False
) -> tuple[Tensor, Tensor | None]:
    """What `quantize` gives, moved into int8, without a float tensor of full size.

    Args:
        groups: ``[groups, elements]``, any floating type.
        parameters: Levels of each group.
        find_outside: Whether to tell which values lie outside their range.

    Returns:
        Codes less `centre`, int8 ``[groups, elements]``, and where the values lie
        outside the range, bool of the same shape, or `None` if not asked for.

    >>> import torch
    >>> levels = AffineParameters(torch.ones(1, 1), torch.zeros(1, 1), 0, 255)
    >>> codes, outside = int8_codes(
    ...     torch.tensor([[0.0, 255.0, 255.2]]), levels, find_outside=True)
    >>> codes.tolist(), outside.tolist()
    ([[-128, 127, 127]], [[False, False, True]])
    """
    scale, offset, lowest, highest = parameters
    low, high = scale * lowest + offset, scale * highest + offset
    shift = centre(parameters)
    codes = torch.empty_like(groups, dtype=torch.int8)
    outside = torch.empty_like(groups, dtype=torch.bool) if find_outside else None
    size = BLOCK if groups.device.type == "cpu" else max(1, groups.shape[1])
    for start in range(0, groups.shape[1], size):
        block = slice(start, start + size)
        values = groups[:, block]
        codes[:, block] = quantize(values.float(), parameters).sub_(shift)
        if outside is not None:
            torch.lt(values, low, out=outside[:, block])
            outside[:, block].logical_or_(values > high)
    return codes, outside
