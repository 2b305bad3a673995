"""Quantizing what goes into a layer or comes out of it, with ranges that stay."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from qbert_lightning.functional import (
    AffineParameters,
    dequantize,
    group,
    quantize,
    ungroup,
)
from qbert_lightning.functional.integer_product import AffineMatrix, centre
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
        if quantizer.observer is not None:
            self.observed = quantizer.parameters_of(torch.empty(0))

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
            yield self._codes(groups, shared or self._levels(groups), tile.shape)

    def _codes(
        self, groups: Tensor, levels: AffineParameters, shape: torch.Size
    ) -> AffineMatrix:
        codes, offset = quantize(groups, levels), None
        if not self.spec.symmetric:
            codes.sub_(centre(levels))
            offset = moved_offset(levels)
        return AffineMatrix(codes.to(torch.int8).reshape(shape), levels.scale, offset)

    def _levels(self, groups: Tensor) -> AffineParameters:
        return self.observed or self._parameters_of(groups)

    def extra_repr(self) -> str:  # noqa: D102
        how = "dynamic" if self.observed is None else "observed"
        return f"num_bits={self.spec.num_bits}, {how}"


def moved_offset(levels: AffineParameters) -> Tensor:
    """The value of code zero once codes are moved into the range of int8."""
    return levels.offset + centre(levels) * levels.scale
