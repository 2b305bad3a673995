"""What stands in the ONNX graph: a valid model with codes at their width."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from qbert_lightning.runtimes.bert_graph import build
from qbert_lightning.runtimes.onnx_graph import OnnxGraph
from tests.runtimes.tiny_models import quantized

onnx = pytest.importorskip("onnx", reason="needs the extra `export` (onnx)")


@torch.no_grad()
def graph_of(plan_name: str) -> onnx.GraphProto:
    graph = OnnxGraph()
    build(graph, quantized("tags", plan_name)[0], "token_classification")
    model = graph.model()
    onnx.checker.check_model(model, full_check=True)
    return model.graph


def test_layers_that_see_one_tensor_quantize_it_once() -> None:
    def rounded(plan_name: str) -> int:
        nodes = graph_of(plan_name).node
        return Counter(node.op_type for node in nodes)["QuantizeLinear"]

    assert rounded("float_plan") == 0
    # Two layers: inputs of query/key/value, mixed, inner and outer.
    assert rounded("qbert") == 2 * 4
    # Three outputs more in each layer, and the input of the classifier.
    assert rounded("q8bert") == 2 * 7 + 1


def test_codes_are_constants_of_their_width() -> None:
    kinds = onnx.TensorProto
    constants = [each for each in graph_of("qbert").initializer if len(each.dims) == 2]
    found = Counter(each.data_type for each in constants)
    # 2, 3, 4, 5, 8 bits in turn over 12 matrices, and three tables of 8
    assert found[kinds.UINT2] == 3
    assert found[kinds.UINT4] == 3 + 2
    assert found[kinds.UINT8] == 2 + 2 + 3
    for each in constants:
        if each.data_type == kinds.UINT2:
            assert len(each.raw_data) == each.dims[0] * each.dims[1] / 4
