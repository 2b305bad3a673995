"""The operations of a BERT as OpenVINO has them.

Two facts of its CPU plugin shape what is written here:

* Codes travel as far as they can. Values of the attention must not: they are weighed by
  probabilities, which are floats, and would be transposed and decoded before.
* Bytes are transposed one by one, and those of keys before their product begins.
  Looked up by head and token, as the rows that they are, they are copied row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from qbert_lightning.runtimes.openvino_layers import OpenVinoLayers
from qbert_lightning.runtimes.operations import VERY_NEGATIVE, Operations

if TYPE_CHECKING:
    import openvino as ov


class OpenVinoGraph(OpenVinoLayers, Operations["ov.Node"]):
    """A graph of OpenVINO's operation set 13.

    Args:
        packed: Whether codes of 2 to 4 bits stay packed in memory.
        tokens: Of the one text that it takes; `None`: any number of any length.
    """

    def __init__(self, *, packed: bool, tokens: int | None = None) -> None:
        super().__init__(packed=packed)
        self.shape = [-1, -1] if tokens is None else [1, tokens]
        self.inputs: dict[str, ov.Node] = {}
        self.outputs: dict[str, ov.Node] = {}
        self.axes: dict[str, tuple[str, ...]] = {}

    def model(self) -> ov.Model:
        """The finished graph."""
        for name, value in self.outputs.items():
            value.output(0).set_names({name})
        network = self.openvino.Model(
            list(self.outputs.values()), list(self.inputs.values()), "bert"
        )
        for axes, result in zip(self.axes.values(), network.results, strict=True):
            result.set_layout(self.openvino.Layout(f"[{','.join(axes)}]"))
        return network

    def input(self, name: str) -> ov.Node:  # noqa: D102
        shape = self.openvino.PartialShape(self.shape)
        self.inputs[name] = self.opset.parameter(shape, np.int64, name)
        self.inputs[name].output(0).set_names({name})
        return self.inputs[name]

    def output(self, name: str, value: ov.Node, *axes: str) -> None:  # noqa: D102
        self.outputs[name], self.axes[name] = value, axes

    def layer_norm(self, norm: nn.LayerNorm, x: ov.Node) -> ov.Node:  # noqa: D102
        x = self.opset.mvn(x, self.whole([-1]), True, norm.eps, "inside_sqrt")
        x = self.opset.multiply(x, self.per_feature(norm.weight))
        return self.opset.add(x, self.per_feature(norm.bias))

    def gelu(self, x: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.gelu(x, "erf")

    def tanh(self, x: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.tanh(x)

    def attention_bias(self, mask: ov.Node) -> ov.Node:  # noqa: D102
        padding = self.opset.subtract(self.scalar(1), self.as_float(mask))
        bias = self.opset.multiply(padding, self.scalar(VERY_NEGATIVE))
        return self.opset.unsqueeze(bias, self.whole([1, 2]))

    def attend(  # noqa: D102
        self,
        query: ov.Node,
        key: ov.Node,
        value: ov.Node,
        bias: ov.Node,
        num_heads: int,
    ) -> ov.Node:
        width = key.get_output_partial_shape(0)[2].get_length() // num_heads
        query = self._heads(query, num_heads)
        turn = self._rows_of_heads if _are_codes(key) else self._heads
        key = turn(key, num_heads)
        value = self._heads(self._in_floats(value), num_heads)
        scores = self.opset.matmul(query, key, False, True)
        scores = self.add(self.multiply(scores, self.scalar(width**-0.5)), bias)
        probabilities = self.opset.softmax(scores, -1)
        attended = self.opset.matmul(probabilities, value, False, False)
        together = self.opset.transpose(attended, self.whole([0, 2, 1, 3]))
        return self.opset.reshape(together, self.whole([0, 0, -1]), True)

    def first_token(self, x: ov.Node) -> ov.Node:  # noqa: D102
        start, stop, step, axis = (self.whole([n]) for n in (0, 1, 1, 1))
        return self.opset.slice(x, start, stop, step, axis)

    def only_token(self, x: ov.Node) -> ov.Node:  # noqa: D102
        return self.opset.squeeze(x, self.whole([1]))

    def feature(self, x: ov.Node, index: int) -> ov.Node:  # noqa: D102
        return self.opset.gather(x, self.whole(index), self.whole(2))

    def _in_floats(self, x: ov.Node) -> ov.Node:
        """The same, but whole numbers are scaled here and do not travel on as bytes."""
        kind = x.get_type_name()
        if kind == "FakeQuantize":
            return self.kept(x)
        applied = {"Multiply": self.multiply, "Add": self.add}.get(kind)
        if applied is None:
            return x
        x, constant = (each.get_node() for each in x.input_values())
        return applied(self._in_floats(x), constant)

    def _heads(self, x: ov.Node, num_heads: int) -> ov.Node:
        """``[batch, tokens, features]`` → ``[batch, heads, tokens, width]``."""
        x = self.opset.reshape(x, self.whole([0, 0, num_heads, -1]), True)
        return self.opset.transpose(x, self.whole([0, 2, 1, 3]))

    def _rows_of_heads(self, x: ov.Node, num_heads: int) -> ov.Node:
        """The same, where row ``tokens · heads + head`` is looked up."""
        width = x.get_output_partial_shape(0)[2].get_length() // num_heads
        ids, *_ = self.inputs.values()  # any of the inputs: all have every token
        first = self.multiply(self.positions(ids), self.whole(num_heads))
        heads = self.opset.constant(np.arange(num_heads, dtype=np.int64)[:, None])
        rows = self.opset.reshape(x, self.whole([0, -1, width]), True)
        return self.opset.gather(rows, self.add(first, heads), self.whole(1))


def _are_codes(x: ov.Node) -> bool:
    """Whether a value is whole numbers at a scale."""
    while x.get_type_name() in ("Multiply", "Add"):
        x = x.input_value(0).get_node()
    return x.get_type_name() == "FakeQuantize"
