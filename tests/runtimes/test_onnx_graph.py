"""What stands in the ONNX graph of a BERT: a valid model."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from qbert_lightning.runtimes.bert_graph import build
from qbert_lightning.runtimes.onnx_graph import OnnxGraph
from tests.runtimes.tiny_models import ROUNDED, quantized

onnx = pytest.importorskip("onnx", reason="needs the extra `export` (onnx)")


@pytest.mark.parametrize("plan_name", ROUNDED)
@torch.no_grad()
def test_layers_that_see_one_tensor_quantize_it_once(plan_name: str) -> None:
    graph = OnnxGraph()
    build(graph, quantized("tags", plan_name)[0], "token_classification")
    model = graph.model()
    onnx.checker.check_model(model, full_check=True)
    kinds = Counter(node.op_type for node in model.graph.node)
    assert kinds["QuantizeLinear"] == ROUNDED[plan_name]
