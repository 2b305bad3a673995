"""What stands in OpenVINO's graph, before it is compiled."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from qbert_lightning.runtimes.bert_graph import build
from qbert_lightning.runtimes.openvino_graph import OpenVinoGraph
from tests.runtimes.tiny_models import quantized

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")


@torch.no_grad()
def kinds_of_nodes(plan_name: str, *, packed: bool = False) -> Counter[str]:
    graph = OpenVinoGraph(packed=packed)
    build(graph, quantized("tags", plan_name)[0], "token_classification")
    return Counter(
        f"{node.get_type_name()} {node.get_output_element_type(0).get_type_name()}"
        if node.get_type_name() == "Constant"
        else node.get_type_name()
        for node in graph.model().get_ops()
    )


def test_layers_that_see_one_tensor_quantize_it_once() -> None:
    assert kinds_of_nodes("float_plan")["FakeQuantize"] == 0
    # Two layers: inputs of query/key/value, mixed, inner and outer.
    assert kinds_of_nodes("qbert")["FakeQuantize"] == 2 * 4
    # Three outputs more in each layer, and the input of the classifier.
    assert kinds_of_nodes("q8bert")["FakeQuantize"] == 2 * 7 + 1


def test_codes_of_every_width_are_constants_of_that_width() -> None:
    kinds = kinds_of_nodes("qbert")  # 2, 3, 4, 5, 8 bits in turn over 12 matrices
    assert kinds["Constant u2"] == kinds["Constant u3"] == 3
    assert kinds["Constant u4"] == kinds["Constant u6"] == 2
    assert kinds["Constant i8"] == 2
    assert kinds["Constant u8"] == 3  # the tables


def test_values_of_the_attention_are_kept_in_floats_where_they_are_quantized() -> None:
    assert kinds_of_nodes("q8bert")["Maximum"] == 2  # layers
    assert kinds_of_nodes("qbert")["Maximum"] == 0
