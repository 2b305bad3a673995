"""Weights as codes less a zero point of their own width, for kernels that decode them.

Such a kernel computes ``scale · (codes − zero)`` with a whole ``zero`` that is a code
itself. A weight ``ŵ = s·c + o`` has a real offset, so that up to half a step is left
over if zero lies within its range: ``r = o + s·zero``. It costs a rank-one term,
``r · Σx̂``, and the product stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qbert_lightning.runtimes.stored_layers import StoredWeight


@dataclass(frozen=True)
class ZeroPoint:
    """``Ŵ = scale · (codes − zero) + rest``, all but codes ``[rows, 1]``.

    Attributes:
        zero: uint8, one of the codes.
        rest: float64, what the whole numbers leave over.
    """

    zero: Tensor
    rest: Tensor


def zero_point(weight: StoredWeight) -> ZeroPoint:
    """The code for each row whose value is nearest to zero.

    >>> codes = torch.tensor([[0, 3]], dtype=torch.uint8)
    >>> weight = StoredWeight(codes, 2, 3, torch.ones(1, 1), torch.tensor([[-1.25]]))
    >>> found = zero_point(weight)
    >>> found.zero.item(), found.rest.item()
    (1, -0.25)
    """
    zero = (-weight.offset / weight.scale).round().clamp(0, weight.num_steps)
    return ZeroPoint(zero.to(torch.uint8), weight.offset + weight.scale * zero)
