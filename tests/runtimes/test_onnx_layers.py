"""ONNX's own definitions of the operations give the fake-quantized layer."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.layers import QuantizedEmbedding
from qbert_lightning.plan import Granularity, PerTensor, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.onnx_graph import OnnxGraph
from tests.runtimes.layers import far_to_one_side, observed, quantized_linear

onnx = pytest.importorskip("onnx", reason="needs the extra `export` (onnx)")
reference = pytest.importorskip("onnx.reference")

SYMMETRIC, ASYMMETRIC = observed(symmetric=True), observed(symmetric=False)
SCHEMES = {
    "symmetric": QuantScheme(AffineSpec(8, symmetric=True), SYMMETRIC, SYMMETRIC),
    "asymmetric": QuantScheme(AffineSpec(3, RowGroups(4)), ASYMMETRIC, ASYMMETRIC),
    "fewer levels": QuantScheme(
        AffineSpec(2, RowGroups(4)), observed(symmetric=False, bits=5)
    ),
    "weights alone": QuantScheme(AffineSpec(4, RowGroups(4))),
    "inputs alone": QuantScheme(None, ASYMMETRIC),
}


@pytest.mark.parametrize("name", SCHEMES)
@torch.no_grad()
def test_a_layer_by_the_definitions_of_its_operations(name: str) -> None:
    layer, graph = quantized_linear(SCHEMES[name]), OnnxGraph()
    table = nn.Embedding(9, 12)
    hidden = graph.look_up(table, graph.input("x"))
    graph.output("y", graph.linear(layer, hidden), "batch", "tokens", "features")
    ids = torch.arange(18).reshape(2, 9) % 9
    evaluator = reference.ReferenceEvaluator(graph.model())
    (found,) = evaluator.run(None, {"x": ids.numpy()})
    assert torch.allclose(torch.from_numpy(found), layer(table(ids)), atol=1e-5)


@torch.no_grad()
def test_a_range_far_to_one_side_takes_no_digits() -> None:
    runtime = pytest.importorskip("onnxruntime", reason="needs the extra `export`")
    layer, table, exact = far_to_one_side()
    graph, ids = OnnxGraph(), torch.arange(16)[None]
    hidden = graph.look_up(table, graph.input("x"))
    graph.output("y", graph.linear(layer, hidden), "batch", "tokens", "features")
    session = runtime.InferenceSession(graph.model().SerializeToString())
    found = torch.from_numpy(session.run(None, {"x": ids.numpy()})[0])
    assert (found - exact(ids)).abs().mean() < 6e-8 * exact(ids).std()


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("cut", [PerTensor(), RowGroups(8)])
@torch.no_grad()
def test_rows_of_a_table_are_the_model_s_to_the_last_digit(
    cut: Granularity, symmetric: bool
) -> None:
    torch.manual_seed(0)
    scheme = QuantScheme(AffineSpec(8, cut, symmetric=symmetric))
    table = QuantizedEmbedding.from_float(nn.Embedding(64, 12), scheme, "table").eval()
    graph = OnnxGraph()
    rows = graph.look_up(table, graph.input("x"))
    graph.output("y", rows, "batch", "tokens", "features")
    ids = torch.arange(64).reshape(4, 16)
    evaluator = reference.ReferenceEvaluator(graph.model())
    (found,) = evaluator.run(None, {"x": ids.numpy()})
    assert torch.equal(torch.from_numpy(found), table(ids))
