"""How quantized layers stand in OpenVINO's graph, before it is compiled."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from qbert_lightning.layers import QuantizedEmbedding
from qbert_lightning.plan import QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.openvino_core import core
from qbert_lightning.runtimes.openvino_graph import OpenVinoGraph
from qbert_lightning.runtimes.openvino_network import keep_divisions
from qbert_lightning.runtimes.stored_layers import activation_levels
from tests.runtimes.layers import far_to_one_side, observed, quantized_linear

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")


def computed(graph: OpenVinoGraph, x: Tensor) -> Tensor:
    """The output ``y``."""
    network = graph.model()
    keep_divisions(network)
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
    }
    compiled = core().compile_model(network, "CPU", settings)
    return torch.from_numpy(compiled({"x": x.numpy()})["y"])


@torch.no_grad()
def kinds_of_nodes(scheme: QuantScheme, *, packed: bool = False) -> Counter[str]:
    graph = OpenVinoGraph(packed=packed)
    x = graph.look_up(torch.nn.Embedding(9, 12), graph.input("x"))
    y = graph.linear(quantized_linear(scheme), x)
    graph.output("y", y, "batch", "tokens", "features")
    return Counter(
        f"{node.get_type_name()} {node.get_output_element_type(0).get_type_name()}"
        if node.get_type_name() in ("Constant", "Convert")
        else node.get_type_name()
        for node in graph.model().get_ops()
    )


def test_codes_become_whole_numbers_of_8_bits() -> None:
    weight = AffineSpec(3, RowGroups(4))
    kinds = kinds_of_nodes(QuantScheme(weight, observed(symmetric=False)))
    assert kinds["Constant u3"] == kinds["Convert i8"] == 1
    assert kinds["FakeQuantize"] == 1
    assert kinds["Subtract"] == 1  # the input's lowest level, and no zero point


def test_codes_of_8_bits_lie_in_the_file_as_whole_numbers() -> None:
    scheme = QuantScheme(AffineSpec(8), observed(symmetric=False))
    kinds = kinds_of_nodes(scheme)
    assert kinds["Constant i8"] == 1
    assert kinds["Convert i8"] == 0


@pytest.mark.parametrize("packed", [False, True])
def test_codes_stay_packed_where_they_are_asked_to_or_meet_floats(
    packed: bool,
) -> None:
    before = observed(symmetric=True) if packed else None
    kinds = kinds_of_nodes(
        QuantScheme(AffineSpec(2, RowGroups(4)), before), packed=packed
    )
    assert kinds["Constant u2"] == 2  # codes and zero points
    assert kinds["Subtract"] == 1
    assert kinds["Convert i8"] == 0
    wide = kinds_of_nodes(QuantScheme(AffineSpec(5), before), packed=packed)
    assert wide["Subtract"] == (0 if packed else 1)


@torch.no_grad()
@pytest.mark.parametrize("symmetric", [True, False])
def test_values_beside_an_edge_fall_as_in_the_model(symmetric: bool) -> None:
    quantizer = observed(symmetric=symmetric).build()
    quantizer(torch.tensor([-0.7, 1.0]))
    levels = activation_levels(quantizer.eval())
    assert levels is not None
    edges = levels.low + levels.step * (torch.arange(levels.num_levels - 1) + 0.5)
    beside = torch.stack([edges.nextafter(torch.tensor(end)) for end in (-9.0, 9.0)])
    graph = OpenVinoGraph(packed=False)
    x = graph.look_up(torch.nn.Embedding.from_pretrained(beside), graph.input("x"))
    graph.output("y", graph.rounded(x, levels), "batch", "tokens", "features")
    found = computed(graph, torch.arange(2)[None])[0]
    assert ((found - quantizer(beside)).abs() < levels.step / 2).all()


@torch.no_grad()
@pytest.mark.parametrize("symmetric", [True, False])
def test_rows_of_several_tables_are_added_to_the_last_digit(symmetric: bool) -> None:
    torch.manual_seed(0)
    scheme = QuantScheme(AffineSpec(8, symmetric=symmetric))
    tables = [
        QuantizedEmbedding.from_float(
            nn.Embedding.from_pretrained(torch.randn(64, 12) * width), scheme, "table"
        ).eval()
        for width in (0.01, 3.0)
    ]
    graph, ids = OpenVinoGraph(packed=False), torch.arange(64).reshape(4, 16)
    x = graph.input("x")
    one, other = (graph.look_up(table, x) for table in tables)
    graph.output("y", graph.add(one, other), "batch", "tokens", "features")
    expected = tables[0](ids) + tables[1](ids)
    assert torch.equal(computed(graph, ids), expected)


@torch.no_grad()
@pytest.mark.parametrize("packed", [False, True])
def test_a_range_far_to_one_side_takes_no_digits(packed: bool) -> None:
    layer, table, exact = far_to_one_side()
    graph, ids = OpenVinoGraph(packed=packed), torch.arange(16)[None]
    x = graph.look_up(table, graph.input("x"))
    graph.output("y", graph.linear(layer, x), "batch", "tokens", "features")
    error = (computed(graph, ids) - exact(ids)).abs().mean()
    assert error < 6e-8 * exact(ids).std()
