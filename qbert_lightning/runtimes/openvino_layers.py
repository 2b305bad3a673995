"""Quantized layers as OpenVINO has them.

Fake quantization stands exactly where the model has it; OpenVINO turns it into integer
products as it compiles. Facts of its CPU plugin that shape what is written here:

* `FakeQuantize` adds its lowest code before it rounds, which takes the last digits of
  small values: it gets codes that are rounded already. And it divides its range by the
  number of steps again: it gives whole numbers, which the step multiplies exactly once.
* Whole numbers that do not start at zero or −128 become bytes with a zero point, whose
  products are taken from the sums while these are still whole numbers.
* Scaled bytes in a sum, such as the rows of two tables, are put on one scale, which
  costs digits, and a product is rounded only after what is added to it. Neither happens
  beyond a maximum (`kept`).
* Anything computed from constants is computed once, at compilation. So codes lie in
  the file at their true width and are widened there; those of 8 bits are left as they
  are, because it would keep what it computes from bytes in floats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from qbert_lightning.runtimes.graph_layers import GraphLayers, Matrix
from qbert_lightning.runtimes.openvino_packed import OpenVinoPacked, PackedWhole
from qbert_lightning.runtimes.stored_layers import ActivationLevels, StoredWeight
from qbert_lightning.runtimes.whole_weights import WholeWeight

if TYPE_CHECKING:
    import openvino as ov

LOWEST_FLOAT = float(np.finfo(np.float32).min)
WIDENED_BITS = 6
"""Codes of more bits are bytes in the file."""
MAX_PACKED_BITS = 4
"""Codes of more bits are computed with as 8."""


class OpenVinoLayers(OpenVinoPacked, GraphLayers["ov.Node"]):
    """The arithmetic of quantized layers in OpenVINO's operations.

    Args:
        packed: Whether codes of 2 to 4 bits stay packed in memory.
    """

    def __init__(self, *, packed: bool) -> None:
        super().__init__()
        self.packed = packed

    def matrix(  # noqa: D102
        self, weight: StoredWeight, levels: ActivationLevels | None
    ) -> Matrix[ov.Node]:
        if levels is None:
            return self.packed_matrix(weight)
        if self.packed and weight.num_bits <= MAX_PACKED_BITS:
            return self.packed_whole_matrix(weight, levels)
        return super().matrix(weight, levels)

    def float_matrix(self, weight: Tensor) -> ov.Node:  # noqa: D102
        return self.floats(weight)

    def whole_matrix(self, weight: StoredWeight, whole: WholeWeight) -> ov.Node:  # noqa: D102
        numbers = self.as_float(self._whole_numbers(weight, whole))
        return self.multiply(numbers, self.per_row(whole.scale))

    def fake_quantize(self, x: ov.Node, levels: ActivationLevels) -> ov.Node:  # noqa: D102
        start = 0.0 if levels.symmetric else levels.low
        first = round((levels.low - start) / levels.step)
        last = first + levels.num_levels - 1
        origin = first + levels.zero
        limits = first, last, first - origin, last - origin
        steps = self.opset.fake_quantize(
            self._nearest(x, start, levels.step),
            *(self.scalar(limit) for limit in limits),
            levels.num_levels,
        )
        return self.multiply(steps, self.scalar(levels.step))

    def kept(self, x: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.maximum(x, self.scalar(LOWEST_FLOAT))

    def product(self, x: ov.Node, matrix: ov.Node | PackedWhole) -> ov.Node:  # noqa: D102
        if not isinstance(matrix, PackedWhole):
            return self.opset.matmul(x, matrix, False, True)
        return self.packed_product(self._nearest(x, 0.0, matrix.step), matrix)

    def total(self, x: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.reduce_sum(x, self.whole([-1]), True)

    def add_terms(  # noqa: D102
        self, product: ov.Node, constant: ov.Node, rest: ov.Node | None
    ) -> ov.Node:
        # The other order is one to two percent slower.
        y = product if rest is None else self.add(product, rest)
        return self.add(y, constant)

    def add(self, left: ov.Node, right: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.add(left, right)

    def multiply(self, left: ov.Node, right: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.multiply(left, right)

    def gather(self, table: ov.Node, ids: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.gather(table, ids, self.whole(0))

    def positions(self, ids: ov.Node) -> ov.Node:  # noqa: D102
        first, step = self.whole(0), self.whole(1)
        length = self.opset.gather(self.opset.shape_of(ids), self.whole(1), first)
        return self.opset.unsqueeze(self.opset.range(first, length, step, "i64"), first)

    def _nearest(self, x: ov.Node, zero: float, step: float) -> ov.Node:
        """The whole number next to ``(x − zero) / step``, as in `functional.affine`."""
        if zero:
            x = self.opset.subtract(x, self.scalar(zero))
        return self.opset.round(self.opset.divide(x, self.scalar(step)), "half_to_even")

    def _whole_numbers(self, weight: StoredWeight, whole: WholeWeight) -> ov.Node:
        """``factor · codes + shift`` in int8; OpenVINO widens codes of fewer bits."""
        if weight.num_bits > WIDENED_BITS:
            # Widened like the others, it would keep a copy in floats.
            numbers = weight.codes.float() * whole.factor + whole.shift
            return self.opset.constant(numbers.to(torch.int8).numpy())
        codes = self.as_float(self.small(weight.codes, weight.num_bits))
        numbers = self.multiply(codes, self.per_row(whole.factor))
        numbers = self.add(numbers, self.per_row(whole.shift))
        return self.opset.convert(numbers, "i8")
