"""Products with packed weights are those of whole numbers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.plan import QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.openvino_core import core
from qbert_lightning.runtimes.openvino_graph import OpenVinoGraph
from tests.runtimes.layers import inputs, observed, quantized_linear

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")


@torch.no_grad()
@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize("symmetric", [True, False])
def test_products_are_those_of_the_layer(bits: int, symmetric: bool) -> None:
    weight = AffineSpec(bits, RowGroups(4))
    layer = quantized_linear(QuantScheme(weight, observed(symmetric=symmetric)))
    values = inputs(seed=5).flatten(0, 1)
    graph = OpenVinoGraph(packed=True)
    x = graph.look_up(nn.Embedding.from_pretrained(values), graph.input("x"))
    graph.output("y", graph.linear(layer, x), "batch", "tokens", "features")
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
    }
    compiled = core().compile_model(graph.model(), "CPU", settings)
    found = torch.from_numpy(
        compiled({"x": torch.arange(len(values))[None].numpy()})["y"]
    )
    expected = layer.double()(values.double()[None])
    assert torch.allclose(found.double(), expected, rtol=0, atol=2e-6)
