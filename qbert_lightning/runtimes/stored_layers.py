"""What an inference engine must know of a quantized layer, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from qbert_lightning.functional import code_range
from qbert_lightning.layers import QuantizedLayer
from qbert_lightning.quantizers import AffineQuantizer


@dataclass(frozen=True)
class ActivationLevels:
    """The evenly spaced levels of an activation whose range stands still.

    Those of the quantizer's float32 scale and offset, to the last digit: whole numbers
    of such steps are exact in float64.

    Attributes:
        low: Lowest level.
        step: Distance of neighbouring levels.
        num_levels: How many there are, both ends included.
        symmetric: Whether zero is the level in the middle.
    """

    low: float
    step: float
    num_levels: int
    symmetric: bool

    @property
    def zero(self) -> int:
        """Which level is next to zero, counted from the lowest."""
        return min(max(round(-self.low / self.step), 0), self.num_levels - 1)

    @property
    def origin(self) -> float:
        """The value of that level, at most half a step if zero is in the range."""
        return self.low + self.zero * self.step


@dataclass(frozen=True)
class StoredWeight:
    """``Ŵ = scale · codes + offset``, row by row.

    Attributes:
        codes: uint8 ``[rows, columns]``, ``0 … num_steps``.
        num_bits: Width of a code.
        num_steps: The largest code.
        scale: float32 ``[rows, 1]``; groups of rows repeat theirs.
        offset: float64 ``[rows, 1]``, the value of code zero; where levels are
            symmetric exactly a whole number of steps.
    """

    codes: Tensor
    num_bits: int
    num_steps: int
    scale: Tensor
    offset: Tensor

    @property
    def first(self) -> float | None:
        """The whole number of steps that code zero stands for, if all rows share it."""
        firsts = self.offset / self.scale.double()
        is_shared = bool((firsts == firsts[0].round()).all())
        return firsts[0].item() if is_shared else None

    def row_sums(self) -> Tensor:
        """``Ŵ · 1``, float64 ``[rows]``."""
        sums = self.codes.sum(1).double() * self.scale[:, 0].double()
        return sums + self.codes.shape[1] * self.offset[:, 0].double()


def activation_levels(quantizer: nn.Module) -> ActivationLevels | None:
    """The levels an activation is moved to; `None` if it stays as it is."""
    if not isinstance(quantizer, AffineQuantizer):
        return None
    scale, offset, lowest, highest = quantizer.parameters_of(torch.empty(0, 0))
    step = float(scale)
    return ActivationLevels(
        low=float(offset) + lowest * step,
        step=step,
        num_levels=highest - lowest + 1,
        symmetric=quantizer.spec.symmetric,
    )


def input_levels(layer: nn.Module) -> ActivationLevels | None:
    """Those of what comes into a layer; `None` where it stays in floating point."""
    return activation_levels(layer.input_quantizer) if _is_quantized(layer) else None


def output_levels(layer: nn.Module) -> ActivationLevels | None:
    """Those of what goes out of a layer; `None` where it stays in floating point."""
    return activation_levels(layer.output_quantizer) if _is_quantized(layer) else None


def stored_weight(layer: nn.Module) -> StoredWeight | None:
    """A layer's codes; `None` where its weight stays in floating point."""
    if not _is_quantized(layer):
        return None
    quantizer = layer.weight_quantizer
    if not isinstance(quantizer, AffineQuantizer):
        return None
    encoded = quantizer.encode(layer.weight)
    spec, (rows, columns) = quantizer.spec, encoded.shape
    lowest, highest = code_range(spec.num_bits, symmetric=spec.symmetric)
    scale = encoded.tensors["scale"]
    offset = encoded.tensors.get("offset", scale.double() * lowest).double()
    rows_per_range = rows // scale.numel()
    return StoredWeight(
        codes=encoded.codes.reshape(rows, columns),
        num_bits=encoded.num_bits,
        num_steps=highest - lowest,
        scale=scale.repeat_interleave(rows_per_range).reshape(rows, 1),
        offset=offset.repeat_interleave(rows_per_range).reshape(rows, 1),
    )


def bias_of(layer: nn.Linear) -> Tensor:
    """What a layer adds, float64 ``[rows]``; zeros if it adds nothing."""
    if layer.bias is None:
        return torch.zeros(layer.out_features, dtype=torch.float64)
    return layer.bias.detach().double()


def _is_quantized(layer: nn.Module) -> bool:
    return isinstance(layer, QuantizedLayer) and not layer.delayed()
