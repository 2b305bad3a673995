"""Nodes and constants of an ONNX graph under construction, known by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

if TYPE_CHECKING:
    import onnx

OPSET = 25
"""The first with 2-bit integers."""


class OnnxNodes:
    """Collects what a graph is made of, and gives each value a name."""

    def __init__(self) -> None:
        import onnx
        from onnx import helper, numpy_helper

        super().__init__()
        self.onnx, self.helper, self.numpy_helper = onnx, helper, numpy_helper
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

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

    def node(self, kind: str, *inputs: str, **attributes: float | list[int]) -> str:
        """What an operation makes of its inputs."""
        name = f"{kind}_{len(self.nodes)}"
        node = self.helper.make_node(kind, inputs, [name], name=name, **attributes)
        self.nodes.append(node)
        return name

    def constant(self, array: np.ndarray) -> str:
        """Numbers of any type that ONNX has."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(self.numpy_helper.from_array(array, name))
        return name

    def floats(self, values: Tensor) -> str:  # noqa: D102
        return self.constant(values.detach().float().contiguous().numpy())

    def scalar(self, value: float) -> str:
        """One number in float32."""
        return self.constant(np.array(value, np.float32))

    def whole(self, values: int | list[int]) -> str:
        """Sizes, axes or places, in int64."""
        return self.constant(np.array(values, np.int64))

    def small(self, codes: Tensor, num_bits: int) -> str:
        """A constant whose file holds 2, 4 or 8 bits a code."""
        import ml_dtypes

        kinds = {2: ml_dtypes.uint2, 4: ml_dtypes.uint4, 8: np.uint8}
        width = next(each for each in kinds if each >= num_bits)
        return self.constant(np.ascontiguousarray(codes.numpy()).astype(kinds[width]))

    def as_float(self, x: str) -> str:  # noqa: D102
        return self.node("Cast", x, to=self.onnx.TensorProto.FLOAT)
