"""Weights that stay packed in memory, for OpenVINO's kernels that decode them.

These multiply in floats. So that an integer product's numbers come out, they get whole
numbers on both sides, whose sums floats hold (up to 2²⁴), and what these are multiplied
by comes after:

    x° Ŵᵀ  =  step · scale · c (C − zero)ᵀ  +  step · rest · Σ c,     x° = step · c
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

from qbert_lightning.runtimes.graph_layers import Matrix
from qbert_lightning.runtimes.openvino_constants import OpenVinoConstants
from qbert_lightning.runtimes.stored_layers import ActivationLevels, StoredWeight
from qbert_lightning.runtimes.zero_points import ZeroPoint, zero_point

if TYPE_CHECKING:
    import openvino as ov


@dataclass(frozen=True)
class PackedWhole:
    """A packed matrix whose products are of whole numbers.

    Attributes:
        numbers: Halves of ``codes − zero``: a kernel for compressed weights multiplies
            by something, and halves are exact.
        step: Of the input's levels.
        scale: float64 ``[rows, 1]``, what a product is multiplied by.
        rest: float64 ``[rows, 1]``, what the sum of the input's codes is multiplied by.
    """

    numbers: ov.Node
    step: float
    scale: Tensor
    rest: Tensor


class OpenVinoPacked(OpenVinoConstants):
    """Products with packed weights in OpenVINO's operations."""

    def packed_matrix(self, weight: StoredWeight) -> Matrix[ov.Node]:
        """``scale · (codes − zero)``, which the kernel decodes; its input is floats."""
        zero = zero_point(weight)
        numbers = self._packed_numbers(weight, zero)
        return Matrix(
            self.opset.multiply(numbers, self.per_row(weight.scale)), zero.rest
        )

    def packed_whole_matrix(
        self, weight: StoredWeight, levels: ActivationLevels
    ) -> Matrix[ov.Node]:
        """The same for codes of the input: floats hold every sum of whole numbers."""
        zero = zero_point(weight)
        numbers = self._packed_numbers(weight, zero)
        halves = self.opset.multiply(numbers, self.scalar(0.5))
        scale = 2 * levels.step * weight.scale.double()
        whole = PackedWhole(halves, levels.step, scale, levels.step * zero.rest)
        return Matrix(whole)

    def packed_product(self, codes: ov.Node, matrix: PackedWhole) -> ov.Node:
        """``scale · codes numbersᵀ + rest · Σ codes``."""
        product = self.opset.matmul(codes, matrix.numbers, False, True)
        total = self.opset.reduce_sum(codes, self.whole([-1]), True)
        return self.opset.add(
            self.opset.multiply(product, self.per_feature(matrix.scale)),
            self.opset.multiply(total, self.per_feature(matrix.rest)),
        )

    def _packed_numbers(self, weight: StoredWeight, zero: ZeroPoint) -> ov.Node:
        codes, zeros = (
            self.as_float(self.in_memory(each, weight.num_bits))
            for each in (weight.codes, zero.zero)
        )
        return self.opset.subtract(codes, zeros)
