"""The operations of a BERT as ONNX has them.

Quantized products are written as QuantizeLinear and DequantizeLinear around a MatMul,
the form in which ONNX Runtime finds its integer products. Activations are unsigned and
weights signed, which is what its kernels are fastest at. Codes lie in the file at 2, 4
or 8 bits (3 take 4, and 5 to 7 take 8); ONNX Runtime widens them once, as it loads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor, nn

from qbert_lightning.runtimes.operations import VERY_NEGATIVE, Operations
from qbert_lightning.runtimes.stored_layers import (
    ActivationLevels,
    StoredWeight,
    bias_of,
    input_levels,
    output_levels,
    stored_weight,
)
from qbert_lightning.runtimes.whole_weights import whole_weight

if TYPE_CHECKING:
    import onnx

NUM_CODES = 256
OPSET = 25
"""The first with 2-bit integers."""


class OnnxGraph(Operations[str]):
    """A graph whose values are known by name."""

    def __init__(self) -> None:
        import onnx
        from onnx import helper, numpy_helper

        self.onnx, self.helper, self.numpy_helper = onnx, helper, numpy_helper
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self._quantized: dict[tuple[str, ActivationLevels], str] = {}

    def model(self) -> onnx.ModelProto:
        """The finished graph."""
        graph = self.helper.make_graph(
            self.nodes, "bert", self.inputs, self.outputs, self.constants
        )
        opset = self.helper.make_opsetid("", OPSET)
        return self.helper.make_model(
            graph,
            opset_imports=[opset],
            ir_version=self.helper.find_min_ir_version_for([opset]),
            producer_name="qbert-lightning",
        )

    def input(self, name: str) -> str:  # noqa: D102
        kind, shape = self.onnx.TensorProto.INT64, ["batch", "tokens"]
        self.inputs.append(self.helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name: str, value: str, *axes: str) -> None:  # noqa: D102
        self.nodes.append(self.helper.make_node("Identity", [value], [name]))
        kind = self.onnx.TensorProto.FLOAT
        self.outputs.append(self.helper.make_tensor_value_info(name, kind, axes))

    def look_up(self, table: nn.Embedding, ids: str) -> str:  # noqa: D102
        return self._fake_quantize(self._rows(table, ids), output_levels(table))

    def look_up_positions(self, table: nn.Embedding, ids: str) -> str:  # noqa: D102
        length = self._node("Shape", ids, start=1, end=2)
        length = self._node("Squeeze", length, self._whole([0]))
        places = self._node("Range", self._whole(0), length, self._whole(1))
        return self.look_up(table, self._node("Unsqueeze", places, self._whole([0])))

    def linear(self, layer: nn.Linear, x: str) -> str:  # noqa: D102
        levels, weight = input_levels(layer), stored_weight(layer)
        bias = bias_of(layer)
        if weight is None:
            x = self._fake_quantize(x, levels)
            y = self._product(x, self._floats(layer.weight.T), bias)
        elif levels is None:
            y = self._whole_product(x, weight, bias)
        else:
            x = self._fake_quantize(x, levels, shifted=True)
            bias = bias + levels.origin * weight.row_sums()
            y = self._whole_product(x, weight, bias)
        return self._fake_quantize(y, output_levels(layer))

    def layer_norm(self, norm: nn.LayerNorm, x: str) -> str:  # noqa: D102
        weight, bias = self._floats(norm.weight), self._floats(norm.bias)
        return self._node("LayerNormalization", x, weight, bias, epsilon=norm.eps)

    def add(self, left: str, right: str) -> str:  # noqa: D102
        return self._node("Add", left, right)

    def gelu(self, x: str) -> str:  # noqa: D102
        return self._node("Gelu", x)

    def tanh(self, x: str) -> str:  # noqa: D102
        return self._node("Tanh", x)

    def attention_bias(self, mask: str) -> str:  # noqa: D102
        padding = self._node("Sub", self._scalar(1), self._as_float(mask))
        bias = self._node("Mul", padding, self._scalar(VERY_NEGATIVE))
        return self._node("Unsqueeze", bias, self._whole([1, 2]))

    def attend(  # noqa: D102
        self, query: str, key: str, value: str, bias: str, num_heads: int
    ) -> str:
        # ONNX Runtime wants the bias written out for every token that asks.
        one, asking = self._whole([1]), self._node("Shape", query, start=1, end=2)
        bias = self._node("Expand", bias, self._node("Concat", asking, one, axis=0))
        heads = {"q_num_heads": num_heads, "kv_num_heads": num_heads}
        return self._node("Attention", query, key, value, bias, **heads)

    def first_token(self, x: str) -> str:  # noqa: D102
        return self._node("Slice", x, *(self._whole([n]) for n in (0, 1, 1)))

    def only_token(self, x: str) -> str:  # noqa: D102
        return self._node("Squeeze", x, self._whole([1]))

    def feature(self, x: str, index: int) -> str:  # noqa: D102
        return self._node("Gather", x, self._whole(index), axis=2)

    def _rows(self, table: nn.Embedding, ids: str) -> str:
        weight = stored_weight(table)
        if weight is None:
            return self._node("Gather", self._floats(table.weight), ids)

        def of_row(values: Tensor) -> str:
            is_shared = bool((values == values[0]).all())
            numbers = self._floats(values[0] if is_shared else values)
            return numbers if is_shared else self._node("Gather", numbers, ids)

        codes = self._small(weight.codes, weight.num_bits)
        codes = self._node("Cast", codes, to=self.onnx.TensorProto.UINT8)
        steps = self._as_float(self._node("Gather", codes, ids))
        scaled = self._node("Mul", steps, of_row(weight.scale))
        return self._node("Add", scaled, of_row(weight.offset))

    def _whole_product(self, x: str, weight: StoredWeight, bias: Tensor) -> str:
        """A product with signed whole numbers, ``[columns, rows]`` as MatMul has it."""
        whole = whole_weight(weight)
        codes = self._as_float(self._small(weight.codes.T, weight.num_bits))
        codes = self._node("Mul", codes, self._floats(whole.factor.T))
        codes = self._node("Add", codes, self._floats(whole.shift.T))
        numbers = self._node("Cast", codes, to=self.onnx.TensorProto.INT8)
        scale = self._floats(whole.scale.flatten())
        zero = self._constant(np.zeros(len(whole.scale), np.int8))
        matrix = self._node("DequantizeLinear", numbers, scale, zero, axis=1)
        return self._product(x, matrix, bias, whole.rest)

    def _product(
        self, x: str, matrix: str, bias: Tensor, rest: Tensor | None = None
    ) -> str:
        """``x · matrix + bias + rest · Σx``."""
        y = self._node("Add", self._node("MatMul", x, matrix), self._floats(bias))
        if rest is None or not rest.any():
            return y
        total = self._node("ReduceSum", x, self._whole([-1]), keepdims=1)
        rests = self._node("Mul", total, self._floats(rest.flatten()))
        return self._node("Add", y, rests)

    def _fake_quantize(
        self, x: str, levels: ActivationLevels | None, *, shifted: bool = False
    ) -> str:
        """``x̂``, or shifted ``x̂ − origin``; layers that see one tensor share it."""
        if levels is None:
            return x
        key = (x, levels)
        if key not in self._quantized:
            self._quantized[key] = self._rounded(x, levels)
        shifted_x = self._quantized[key]
        if shifted or not levels.origin:
            return shifted_x
        return self._node("Add", shifted_x, self._scalar(levels.origin))

    def _rounded(self, x: str, levels: ActivationLevels) -> str:
        """``x̂ − origin`` by unsigned codes from 0 or about 128."""
        if levels.origin:
            x = self._node("Sub", x, self._scalar(levels.origin))
        if levels.num_levels < NUM_CODES:
            ends = (levels.low - levels.origin, levels.high - levels.origin)
            x = self._node("Clip", x, *(self._scalar(end) for end in ends))
        zero = 0 if levels.origin == levels.low else NUM_CODES // 2
        grid = self._scalar(levels.step), self._constant(np.array(zero, np.uint8))
        codes = self._node("QuantizeLinear", x, *grid)
        return self._node("DequantizeLinear", codes, *grid)

    def _small(self, codes: Tensor, num_bits: int) -> str:
        """A constant whose file holds 2, 4 or 8 bits a code."""
        import ml_dtypes

        kinds = {2: ml_dtypes.uint2, 4: ml_dtypes.uint4, 8: np.uint8}
        width = next(each for each in kinds if each >= num_bits)
        return self._constant(np.ascontiguousarray(codes.numpy()).astype(kinds[width]))

    def _node(self, kind: str, *inputs: str, **attributes: float | list[int]) -> str:
        name = f"{kind}_{len(self.nodes)}"
        node = self.helper.make_node(kind, inputs, [name], name=name, **attributes)
        self.nodes.append(node)
        return name

    def _constant(self, array: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(self.numpy_helper.from_array(array, name))
        return name

    def _as_float(self, x: str) -> str:
        return self._node("Cast", x, to=self.onnx.TensorProto.FLOAT)

    def _floats(self, values: Tensor) -> str:
        return self._constant(values.detach().float().contiguous().numpy())

    def _scalar(self, value: float) -> str:
        return self._constant(np.array(value, np.float32))

    def _whole(self, values: int | list[int]) -> str:
        return self._constant(np.array(values, np.int64))
