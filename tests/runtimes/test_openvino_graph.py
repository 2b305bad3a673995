"""What stands in OpenVINO's graph of a BERT, before it is compiled."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from qbert_lightning.layers import layer_shapes
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.runtimes.bert_graph import build
from qbert_lightning.runtimes.openvino_graph import OpenVinoGraph
from tests.runtimes.layers import observed
from tests.runtimes.tiny_models import ROUNDED, quantized, tiny_model

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")


@torch.no_grad()
def kinds_of_nodes(plan: str | QuantPlan) -> Counter[str]:
    graph = OpenVinoGraph(packed=False)
    build(graph, quantized("tags", plan)[0], "token_classification")
    return Counter(node.get_type_name() for node in graph.model().get_ops())


@pytest.mark.parametrize("plan_name", ROUNDED)
def test_layers_that_see_one_tensor_quantize_it_once(plan_name: str) -> None:
    assert kinds_of_nodes(plan_name)["FakeQuantize"] == ROUNDED[plan_name]


def test_quantized_values_of_the_attention_and_tables_are_kept_in_floats() -> None:
    layers, tables = 2, 3
    assert kinds_of_nodes("q8bert")["Maximum"] == layers + 2 * tables
    assert kinds_of_nodes("qbert")["Maximum"] == 2 * tables


def test_quantized_keys_are_looked_up_where_others_are_transposed() -> None:
    layers, others = 2, 3  # queries, values and what was attended to
    assert kinds_of_nodes("q8bert")["Transpose"] == layers * others
    assert kinds_of_nodes("qbert")["Transpose"] == layers * (others + 1)


@torch.no_grad()
@pytest.mark.parametrize("head", ["sequence_classification", "question_answering"])
def test_outputs_tell_their_axes(head: str) -> None:
    graph = OpenVinoGraph(packed=False, tokens=7)
    name = {"sequence_classification": "labels", "question_answering": "answers"}[head]
    build(graph, quantized(name, "float_plan")[0], head)
    results = graph.model().results
    assert len(results) == len(graph.outputs)
    for result in results:
        assert result.get_layout().has_name("tokens") == (name == "answers")
        size = 7 if name == "answers" else tiny_model().config.num_labels
        assert list(result.get_output_shape(0)) == [1, size]


@pytest.mark.parametrize("symmetric", [True, False])
def test_values_are_kept_in_floats_wherever_their_levels_lie(symmetric: bool) -> None:
    outputs = QuantScheme(None, output=observed(symmetric=symmetric))
    layers = [name for name in layer_shapes(tiny_model()) if name.endswith(".value")]
    kinds = kinds_of_nodes(QuantPlan(dict.fromkeys(layers, outputs)))
    assert kinds["Maximum"] == kinds["FakeQuantize"] == len(layers)
