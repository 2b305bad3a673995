"""Quantizing what goes into a layer or comes out of it, with ranges that stay."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from qbert_lightning.functional import (
    AffineMatrix,
    AffineParameters,
    dequantize,
    group,
    quantize,
    ungroup,
)
from qbert_lightning.functional.affine_matrix import (
    CountedLevels,
    centre,
    counted_from_zero,
)
from qbert_lightning.plan import PerToken
from qbert_lightning.quantizers import AffineQuantizer


class Activation(nn.Module):
    """An activation's quantizer in service: an observed range is read once and for all.

    Args:
        quantizer: In evaluation mode. Without an observer the range is that of the
            tensor at hand, of all of it or of each token.
    """

    def __init__(self, quantizer: AffineQuantizer) -> None:
        super().__init__()
        self.spec = quantizer.spec
        self._parameters_of = quantizer.parameters_of
        self.observed: AffineParameters | None = None
        self.counted: CountedLevels | None = None
        if quantizer.observer is not None:
            self.observed = quantizer.parameters_of(torch.empty(0))
            self.counted = counted_from_zero(self.observed)

    def forward(self, x: Tensor) -> Tensor:
        """The nearest levels, as fake quantization gives them."""
        groups = group(self.spec.granularity, x)
        levels = self._levels(groups)
        values = dequantize(quantize(groups, levels), levels)
        return ungroup(self.spec.granularity, values, x.shape)

    def codes(self, x: Tensor, size: int) -> Iterator[AffineMatrix]:
        """The codes of ``x`` ``[tokens, features]``, at most ``size`` tokens at a time.

        Unless each token has a range of its own, all share that of the whole.
        """
        cut = self.spec.granularity
        by_token = isinstance(cut, PerToken)
        shared = None if by_token else self._levels(group(cut, x))
        for tile in x.split(size):
            groups = group(cut, tile)
            levels = shared or self._levels(groups)
            # Not `int8_codes`: a tile is small enough to need no parts.
            codes = quantize(groups, levels)
            if shift := centre(levels):
                codes.sub_(shift)
            moved = codes.to(torch.int8).reshape(tile.shape)
            yield AffineMatrix(moved, *(self.counted or counted_from_zero(levels)))

    def _levels(self, groups: Tensor) -> AffineParameters:
        return self.observed or self._parameters_of(groups)

    def extra_repr(self) -> str:  # noqa: D102
        how = "dynamic" if self.observed is None else "observed"
        return f"num_bits={self.spec.num_bits}, {how}"
