"""Quantizers of tensors that were moved to their levels for good.

Such a tensor stays as it is, and encoding it by the very levels that decoded it gives
its codes back. In float32, ``x̂ = s c + o`` rounds twice and ``(x̂ − o) / s`` twice more,
which comes to at most ``3 u c + u |x̂| / s`` with ``u = 2⁻²⁴``: less than half a code
while ``|x̂| < 2²² s``. Levels closer together than that are as close as floats are, and
a float that was encoded comes back as itself or with its code.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.functional import AffineParameters, code_range
from qbert_lightning.quantizers.affine import AffineQuantizer, AffineSpec
from qbert_lightning.quantizers.base import Encoded, Quantizer


@singledispatch
def settled(quantizer: Quantizer, encoded: Encoded) -> nn.Module:
    """What stands in the place of a quantizer once its tensor was decoded.

    It leaves the tensor as it is and adds nothing to a checkpoint. A format that can
    find the codes again registers its own; of others the values are all that is left.

    Args:
        quantizer: Of the tensor until now.
        encoded: What the tensor was decoded from.
    """
    return nn.Identity()


class SettledAffine(AffineQuantizer):
    """Known levels, of a tensor that lies on them.

    Held as the bits of float32 numbers: they move with the model from device to device,
    and ``model.half()``, which casts what is floating, does not round them.

    Args:
        spec: How the tensor was quantized.
        encoded: What it was decoded from; only the levels are kept.
    """

    scale_bits: Tensor
    offset_bits: Tensor | None

    def __init__(self, spec: AffineSpec, encoded: Encoded) -> None:
        super().__init__(replace(spec, observer=None))
        for part in ("scale", "offset"):
            values = encoded.tensors.get(part)
            # Not a view, which would keep the whole file it was read from.
            bits = None if values is None else values.clone().view(torch.int32)
            self.register_buffer(f"{part}_bits", bits, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``x`` itself."""
        return x

    def look_up(self, table: Tensor, indices: Tensor) -> Tensor:  # noqa: D102
        return F.embedding(indices, table)

    def parameters_of(self, groups: Tensor) -> AffineParameters:
        """The known levels, whatever the values of ``groups`` are."""
        scale = self.scale_bits.view(torch.float32).reshape(-1, 1)
        offset = torch.zeros_like(scale)
        if self.offset_bits is not None:
            offset = self.offset_bits.view(torch.float32).reshape(-1, 1)
        ends = code_range(self.spec.num_bits, symmetric=self.spec.symmetric)
        return AffineParameters(scale, offset, *ends)


@settled.register
def _(quantizer: AffineQuantizer, encoded: Encoded) -> nn.Module:
    return SettledAffine(quantizer.spec, encoded)
