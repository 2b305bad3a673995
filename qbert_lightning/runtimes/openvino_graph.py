"""The operations of a BERT as OpenVINO has them.

Fake quantization stands exactly where the model has it; OpenVINO turns it into integer
products as it compiles. Three facts of its CPU plugin shape what is written here:

* An asymmetric activation becomes codes without a zero point if the graph holds
  ``x̂ − origin``, the origin being one of its levels; its product goes to the bias.
* Anything computed from constants is computed once, at compilation. So codes lie in
  the file at their true width and are widened there; those of 8 bits are left as they
  are, because it would keep what it computes from bytes in floats.
* Codes travel as far as they can. Values of the attention must not: they are weighed by
  probabilities, which are floats, and would be transposed and decoded before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
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
from qbert_lightning.runtimes.whole_weights import WholeWeight, whole_weight

if TYPE_CHECKING:
    import openvino as ov

BYTE = 8
LOWEST_FLOAT = float(np.finfo(np.float32).min)
MAX_PACKED_BITS = 4
"""Codes of more bits are computed with as 8."""


class OpenVinoGraph(Operations["ov.Node"]):
    """A graph of OpenVINO's operation set 13.

    Args:
        packed: Whether codes of 2 to 4 bits stay packed in memory.
    """

    def __init__(self, *, packed: bool) -> None:
        import openvino
        from openvino import opset13

        self.openvino, self.opset, self.packed = openvino, opset13, packed
        self.inputs: dict[str, ov.Node] = {}
        self.outputs: dict[str, ov.Node] = {}
        self._quantized: dict[tuple[int, ActivationLevels, float], ov.Node] = {}

    def model(self) -> ov.Model:
        """The finished graph."""
        for name, value in self.outputs.items():
            value.output(0).set_names({name})
        return self.openvino.Model(
            list(self.outputs.values()), list(self.inputs.values()), "bert"
        )

    def input(self, name: str) -> ov.Node:  # noqa: D102
        shape = self.openvino.PartialShape([-1, -1])
        self.inputs[name] = self.opset.parameter(shape, np.int64, name)
        self.inputs[name].output(0).set_names({name})
        return self.inputs[name]

    def output(self, name: str, value: ov.Node, *axes: str) -> None:  # noqa: D102
        self.outputs[name] = value

    def look_up(self, table: nn.Embedding, ids: ov.Node) -> ov.Node:  # noqa: D102
        return self._fake_quantize(self._rows(table, ids), output_levels(table))

    def look_up_positions(self, table: nn.Embedding, ids: ov.Node) -> ov.Node:  # noqa: D102
        first, step = self._whole(0), self._whole(1)
        length = self.opset.gather(self.opset.shape_of(ids), self._whole(1), first)
        positions = self.opset.range(first, length, step, "i64")
        return self.look_up(table, self.opset.unsqueeze(positions, first))

    def linear(self, layer: nn.Linear, x: ov.Node) -> ov.Node:  # noqa: D102
        levels, weight = input_levels(layer), stored_weight(layer)
        bias = bias_of(layer)
        if weight is None:
            x, matrix = self._fake_quantize(x, levels), self._floats(layer.weight)
            y = self._product(x, matrix, None, bias)
        elif levels is None or (self.packed and weight.num_bits <= MAX_PACKED_BITS):
            y = self._packed_product(self._fake_quantize(x, levels), weight, bias)
        else:
            y = self._whole_product(x, levels, weight, bias)
        return self._fake_quantize(y, output_levels(layer))

    def layer_norm(self, norm: nn.LayerNorm, x: ov.Node) -> ov.Node:  # noqa: D102
        x = self.opset.mvn(x, self._whole([-1]), True, norm.eps, "inside_sqrt")
        x = self.opset.multiply(x, self._row(norm.weight))
        return self.opset.add(x, self._row(norm.bias))

    def add(self, left: ov.Node, right: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.add(left, right)

    def gelu(self, x: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.gelu(x, "erf")

    def tanh(self, x: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.tanh(x)

    def attention_bias(self, mask: ov.Node) -> ov.Node:  # noqa: D102
        padding = self.opset.subtract(self._scalar(1), self._as_float(mask))
        bias = self.opset.multiply(padding, self._scalar(VERY_NEGATIVE))
        return self.opset.unsqueeze(bias, self._whole([1, 2]))

    def attend(  # noqa: D102
        self,
        query: ov.Node,
        key: ov.Node,
        value: ov.Node,
        bias: ov.Node,
        num_heads: int,
    ) -> ov.Node:
        value = self._in_floats(value)
        query, key, value = (self._heads(x, num_heads) for x in (query, key, value))
        attended = self.opset.scaled_dot_product_attention(query, key, value, bias)
        together = self.opset.transpose(attended, self._whole([0, 2, 1, 3]))
        return self.opset.reshape(together, self._whole([0, 0, -1]), True)

    def first_token(self, x: ov.Node) -> ov.Node:  # noqa: D102
        start, stop, step, axis = (self._whole([n]) for n in (0, 1, 1, 1))
        return self.opset.slice(x, start, stop, step, axis)

    def only_token(self, x: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.squeeze(x, self._whole([1]))

    def feature(self, x: ov.Node, index: int) -> ov.Node:  # noqa: D102
        return self.opset.gather(x, self._whole(index), self._whole(2))

    def _in_floats(self, x: ov.Node) -> ov.Node:
        """The same numbers, kept from travelling on as codes: these pass no maximum."""
        if x.get_type_name() != "FakeQuantize":
            return x
        return self.opset.maximum(x, self._scalar(LOWEST_FLOAT))

    def _heads(self, x: ov.Node, num_heads: int) -> ov.Node:
        """``[batch, tokens, features]`` → ``[batch, heads, tokens, features]``."""
        x = self.opset.reshape(x, self._whole([0, 0, num_heads, -1]), True)
        return self.opset.transpose(x, self._whole([0, 2, 1, 3]))

    def _rows(self, table: nn.Embedding, ids: ov.Node) -> ov.Node:
        weight = stored_weight(table)
        if weight is None:
            return self.opset.gather(self._floats(table.weight), ids, self._whole(0))

        def gathered(values: ov.Node) -> ov.Node:
            return self.opset.gather(values, ids, self._whole(0))

        def of_row(values: Tensor) -> ov.Node:
            is_shared = bool((values == values[0]).all())
            numbers = self._floats(values[0] if is_shared else values)
            return numbers if is_shared else gathered(numbers)

        codes = self._small(weight.codes, weight.num_bits)
        steps = self._as_float(gathered(self.opset.convert(codes, "u8")))
        scaled = self.opset.multiply(steps, of_row(weight.scale))
        return self.opset.add(scaled, of_row(weight.offset))

    def _whole_product(
        self, x: ov.Node, levels: ActivationLevels, weight: StoredWeight, bias: Tensor
    ) -> ov.Node:
        """A product of integers, with ``x̂ − origin``."""
        whole = whole_weight(weight)
        numbers = self._as_float(self._whole_numbers(weight, whole))
        matrix = self.opset.multiply(numbers, self._per_row(whole.scale))
        x = self._fake_quantize(x, levels, levels.origin)
        bias = bias + levels.origin * weight.row_sums()
        return self._product(x, matrix, whole.rest, bias)

    def _whole_numbers(self, weight: StoredWeight, whole: WholeWeight) -> ov.Node:
        """``factor · codes + shift`` in int8; OpenVINO widens codes of fewer bits."""
        if _file_bits(weight.num_bits) == BYTE:
            # Widened like the others, it would keep a copy in floats.
            numbers = weight.codes.float() * whole.factor + whole.shift
            return self.opset.constant(numbers.to(torch.int8).numpy())
        codes = self._as_float(self._small(weight.codes, weight.num_bits))
        numbers = self.opset.multiply(codes, self._per_row(whole.factor))
        numbers = self.opset.add(numbers, self._per_row(whole.shift))
        return self.opset.convert(numbers, "i8")

    def _packed_product(
        self, x: ov.Node, weight: StoredWeight, bias: Tensor
    ) -> ov.Node:
        """A product with ``scale · (codes − zero)``, which the kernel decodes."""
        zero = (-weight.offset / weight.scale).round().clamp(0, weight.num_steps)
        codes, zeros = (
            self._as_float(self._in_memory(each.to(torch.uint8), weight.num_bits))
            for each in (weight.codes, zero)
        )
        codes = self.opset.subtract(codes, zeros)
        matrix = self.opset.multiply(codes, self._per_row(weight.scale))
        return self._product(x, matrix, weight.offset + weight.scale * zero, bias)

    def _product(
        self, x: ov.Node, matrix: ov.Node, rest: Tensor | None, bias: Tensor
    ) -> ov.Node:
        """``x · matrixᵀ + rest · Σx + bias``."""
        y = self.opset.matmul(x, matrix, False, True)
        if rest is not None and rest.any():
            total = self.opset.reduce_sum(x, self._whole([-1]), True)
            y = self.opset.add(y, self.opset.multiply(total, self._row(rest)))
        return self.opset.add(y, self._row(bias))

    def _fake_quantize(
        self, x: ov.Node, levels: ActivationLevels | None, shift: float = 0
    ) -> ov.Node:
        """``x̂ − shift``; layers that see one tensor at the same levels share it."""
        if levels is None:
            return x
        key = (id(x), levels, shift)
        if key not in self._quantized:
            ends = (levels.low, levels.high, levels.low - shift, levels.high - shift)
            limits = [self._scalar(end) for end in ends]
            y = self.opset.fake_quantize(x, *limits, levels.num_levels)
            self._quantized[key] = (x, y)  # holds x, so that its id stays its own
        return self._quantized[key][1]

    def _small(self, codes: Tensor, num_bits: int) -> ov.Node:
        """A constant whose file holds ``num_bits`` a code (5 take 6, and 7 take 8)."""
        kind = getattr(self.openvino.Type, f"u{_file_bits(num_bits)}")
        return self.opset.constant(codes.numpy(), dtype=kind)

    def _in_memory(self, codes: Tensor, num_bits: int) -> ov.Node:
        """A constant of one of the widths that kernels read: 2, 4 or 8 bits."""
        width = next(each for each in (2, 4, 8) if each >= num_bits)
        constant = self._small(codes, num_bits)
        kind = getattr(self.openvino.Type, f"u{width}")
        if constant.get_element_type() == kind:
            return constant
        return self.opset.convert(constant, kind)

    def _per_row(self, values: Tensor) -> ov.Node:
        """``[rows, 1]``, or one number if all rows share it."""
        return self._floats(values[:1] if (values == values[0]).all() else values)

    def _row(self, values: Tensor) -> ov.Node:
        return self._floats(values.reshape(1, 1, -1))

    def _as_float(self, x: ov.Node) -> ov.Node:
        return self.opset.convert(x, "f32")

    def _floats(self, values: Tensor) -> ov.Node:
        return self.opset.constant(values.detach().float().numpy())

    def _scalar(self, value: float) -> ov.Node:
        return self.opset.constant(np.float32(value))

    def _whole(self, values: int | list[int]) -> ov.Node:
        return self.opset.constant(np.array(values, np.int64))


def _file_bits(num_bits: int) -> int:
    """The narrowest of OpenVINO's whole numbers that holds a code.

    >>> [_file_bits(bits) for bits in range(2, 9)]
    [2, 3, 4, 6, 6, 8, 8]
    """
    return next(each for each in (2, 3, 4, 6, BYTE) if each >= num_bits)
