"""Quantized layers as ONNX has them.

Quantized products are written as QuantizeLinear and DequantizeLinear around a MatMul,
the form in which ONNX Runtime finds its integer products. Activations are unsigned and
weights signed, which is what its kernels are fastest at. Codes lie in the file at 2, 4
or 8 bits (3 take 4, and 5 to 7 take 8); ONNX Runtime widens them once, as it loads.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from qbert_lightning.runtimes.graph_layers import GraphLayers
from qbert_lightning.runtimes.onnx_nodes import OnnxNodes
from qbert_lightning.runtimes.stored_layers import ActivationLevels, StoredWeight
from qbert_lightning.runtimes.whole_weights import WholeWeight

NUM_CODES = 256


class OnnxLayers(OnnxNodes, GraphLayers[str]):
    """The arithmetic of quantized layers in ONNX's operations."""

    def per_feature(self, values: Tensor) -> str:  # noqa: D102
        return self.floats(values.flatten())

    def codes(self, weight: StoredWeight) -> str:  # noqa: D102
        codes = self.small(weight.codes, weight.num_bits)
        return self.node("Cast", codes, to=self.onnx.TensorProto.UINT8)

    def float_matrix(self, weight: Tensor) -> str:  # noqa: D102
        return self.floats(weight.T)

    def whole_matrix(self, weight: StoredWeight, whole: WholeWeight) -> str:  # noqa: D102
        codes = self.as_float(self.small(weight.codes.T, weight.num_bits))
        numbers = self.multiply(codes, self.floats(whole.factor.T))
        numbers = self.add(numbers, self.floats(whole.shift.T))
        numbers = self.node("Cast", numbers, to=self.onnx.TensorProto.INT8)
        scale = self.floats(whole.scale.flatten())
        zero = self.constant(np.zeros(len(whole.scale), np.int8))
        return self.node("DequantizeLinear", numbers, scale, zero, axis=1)

    def fake_quantize(self, x: str, levels: ActivationLevels) -> str:  # noqa: D102
        # As in `functional.affine`: less the lowest level, then divided and rounded.
        # Only what turns the codes back counts them from the level next to zero.
        first, zero = 0, levels.zero
        if levels.symmetric:
            first = zero = NUM_CODES // 2
        else:
            x = self.node("Sub", x, self.scalar(levels.low))
        if levels.num_levels < NUM_CODES:
            low = levels.low if levels.symmetric else 0.0
            high = low + (levels.num_levels - 1) * levels.step
            x = self.node("Clip", x, self.scalar(low), self.scalar(high))
        step = self.scalar(levels.step)
        codes = self.node("QuantizeLinear", x, step, self._byte(first))
        return self.node("DequantizeLinear", codes, step, self._byte(zero))

    def product(self, x: str, matrix: str) -> str:  # noqa: D102
        return self.node("MatMul", x, matrix)

    def total(self, x: str) -> str:  # noqa: D102
        return self.node("ReduceSum", x, self.whole([-1]), keepdims=1)

    def add_terms(self, product: str, constant: str, rest: str | None) -> str:  # noqa: D102
        # ONNX Runtime adds what directly follows a product as it computes it.
        y = self.add(product, constant)
        return y if rest is None else self.add(y, rest)

    def add(self, left: str, right: str) -> str:  # noqa: D102
        return self.node("Add", left, right)

    def multiply(self, left: str, right: str) -> str:  # noqa: D102
        return self.node("Mul", left, right)

    def gather(self, table: str, ids: str) -> str:  # noqa: D102
        return self.node("Gather", table, ids)

    def positions(self, ids: str) -> str:  # noqa: D102
        length = self.node("Shape", ids, start=1, end=2)
        length = self.node("Squeeze", length, self.whole([0]))
        places = self.node("Range", self.whole(0), length, self.whole(1))
        return self.node("Unsqueeze", places, self.whole([0]))

    def _byte(self, value: int) -> str:
        return self.constant(np.array(value, np.uint8))
