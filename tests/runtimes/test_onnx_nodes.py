"""Numbers come back from an ONNX graph's constants, at their width."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from qbert_lightning.runtimes.onnx_nodes import OnnxNodes

onnx = pytest.importorskip("onnx", reason="needs the extra `export` (onnx)")


@pytest.mark.parametrize(("bits", "width"), [(2, 2), (3, 4), (4, 4), (5, 8), (8, 8)])
def test_codes_take_the_narrowest_width_there_is(bits: int, width: int) -> None:
    nodes = OnnxNodes()
    codes = torch.arange(2**bits, dtype=torch.uint8).reshape(2, -1)
    assert nodes.small(codes, bits) == nodes.constants[0].name
    stored = nodes.constants[0]
    kinds = onnx.TensorProto
    kind = {2: kinds.UINT2, 4: kinds.UINT4, 8: kinds.UINT8}[width]
    assert stored.data_type == kind
    assert len(stored.raw_data) == codes.numel() * width // 8
    assert np.array_equal(onnx.numpy_helper.to_array(stored), codes.numpy())


def test_names_are_all_different_and_make_a_valid_model() -> None:
    nodes = OnnxNodes()
    x = nodes.as_float(nodes.input("x"))
    y = nodes.node("Add", nodes.node("Add", x, nodes.scalar(1)), nodes.scalar(2))
    nodes.output("y", y, "batch", "tokens")
    model = nodes.model()
    onnx.checker.check_model(model, full_check=True)
    evaluator = onnx.reference.ReferenceEvaluator(model)
    (found,) = evaluator.run(None, {"x": np.array([[1, 2]])})
    assert found.tolist() == [[4.0, 5.0]]
