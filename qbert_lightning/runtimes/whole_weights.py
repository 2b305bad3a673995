"""Weights of 2 to 8 bits as whole numbers of 8, with nothing left over if possible.

A weight ``ŵ = s·c + o`` has a real offset, and an integer product wants a whole one. If
``o/s`` is near a fraction ``z/m``, then ``ŵ = (s/m)·(m·c + z) + r`` with a small rest
``r``, and codes of few bits leave room in eight for a large ``m``: 85 for 2 bits, 36
for 3, 17 for 4. Symmetric weights have whole offsets and no rest. What rest there is
costs a rank-one term, ``r · Σx̂``, and the product stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qbert_lightning.runtimes.stored_layers import StoredWeight

LOWEST, HIGHEST = -128, 127


@dataclass(frozen=True)
class WholeWeight:
    """``Ŵ = scale · (factor · codes + shift) + rest``, all but codes ``[rows, 1]``.

    Attributes:
        factor: Whole numbers, float32.
        shift: Whole numbers, float32; ``factor · codes + shift`` fits int8.
        scale: float32, of one step of the int8 numbers.
        rest: float32, what the whole numbers leave over.
    """

    factor: Tensor
    shift: Tensor
    scale: Tensor
    rest: Tensor


def whole_weight(weight: StoredWeight) -> WholeWeight:
    """The fraction for each row that leaves the smallest rest.

    >>> codes = torch.tensor([[0, 3]], dtype=torch.uint8)
    >>> third = StoredWeight(codes, 2, 3, torch.ones(1, 1), torch.tensor([[-4 / 3]]))
    >>> found = whole_weight(third)
    >>> found.factor.item(), found.shift.item(), abs(found.rest.item()) < 1e-7
    (3.0, -4.0, True)
    """
    steps = weight.num_steps
    ratio = weight.offset / weight.scale.double()
    factors = torch.arange(1, (HIGHEST - LOWEST) // steps + 1, dtype=torch.float64)
    shifts = (ratio * factors).round().clamp(min=LOWEST)
    shifts = torch.minimum(shifts, HIGHEST - steps * factors)
    rests = ratio - shifts / factors
    # Rounded so that of equally good fractions the one in lowest terms is taken.
    best = rests.abs().mul(2**20).round().argmin(1, keepdim=True)
    factor = factors[best]
    scale = weight.scale.double()
    rest = rests.gather(1, best) * scale
    return WholeWeight(
        factor.float(),
        shifts.gather(1, best).float(),
        (scale / factor).float(),
        rest.float(),
    )
