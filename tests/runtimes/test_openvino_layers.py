"""How quantized layers stand in OpenVINO's graph, before it is compiled."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from qbert_lightning.plan import QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.openvino_graph import OpenVinoGraph
from tests.runtimes.layers import observed, quantized_linear

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")


@torch.no_grad()
def kinds_of_nodes(scheme: QuantScheme, *, packed: bool = False) -> Counter[str]:
    graph = OpenVinoGraph(packed=packed)
    x = graph.look_up(torch.nn.Embedding(9, 12), graph.input("x"))
    graph.output("y", graph.linear(quantized_linear(scheme), x))
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
    assert kinds["Subtract"] == 0


def test_codes_of_8_bits_lie_in_the_file_as_whole_numbers() -> None:
    scheme = QuantScheme(AffineSpec(8), observed(symmetric=False))
    kinds = kinds_of_nodes(scheme)
    assert kinds["Constant i8"] == 1
    assert kinds["Convert i8"] == 0


@pytest.mark.parametrize("packed", [False, True])
def test_codes_stay_packed_where_they_are_asked_to_or_meet_floats(
    packed: bool,
) -> None:
    before = observed(symmetric=False) if packed else None
    kinds = kinds_of_nodes(
        QuantScheme(AffineSpec(2, RowGroups(4)), before), packed=packed
    )
    assert kinds["Constant u2"] == 2  # codes and zero points
    assert kinds["Subtract"] == 1
    assert kinds["Convert i8"] == 0
    wide = kinds_of_nodes(QuantScheme(AffineSpec(5), before), packed=packed)
    assert wide["Subtract"] == (0 if packed else 1)
