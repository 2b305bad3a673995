"""Layers put together from an engine's arithmetic compute what the model's compute."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from qbert_lightning.layers import QuantizedEmbedding
from qbert_lightning.plan import PerTensor, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.arithmetic import Arithmetic
from qbert_lightning.runtimes.graph_layers import GraphLayers
from qbert_lightning.runtimes.stored_layers import ActivationLevels, StoredWeight
from qbert_lightning.runtimes.whole_weights import WholeWeight
from tests.runtimes.layers import inputs, observed, quantized_linear


class TorchArithmetic(Arithmetic[Tensor]):
    """Computes at once in float64; counts what it does."""

    def __init__(self) -> None:
        super().__init__()
        self.done: Counter[str] = Counter()

    def floats(self, values: Tensor) -> Tensor:
        return values.double()

    def per_feature(self, values: Tensor) -> Tensor:
        return values.double().flatten()

    def codes(self, weight: StoredWeight) -> Tensor:
        return weight.codes

    def float_matrix(self, weight: Tensor) -> Tensor:
        return weight.double()

    def whole_matrix(self, weight: StoredWeight, whole: WholeWeight) -> Tensor:
        numbers = whole.factor * weight.codes + whole.shift
        assert torch.equal(numbers, numbers.to(torch.int8).float())
        return whole.scale.double() * numbers

    def fake_quantize(self, x: Tensor, levels: ActivationLevels) -> Tensor:
        self.done["fake_quantize"] += 1
        codes = ((x - levels.low) / levels.step).round()
        codes = codes.clamp(0, levels.num_levels - 1)
        return (codes - levels.zero) * levels.step

    def product(self, x: Tensor, matrix: Tensor) -> Tensor:
        return x @ matrix.T

    def total(self, x: Tensor) -> Tensor:
        self.done["total"] += 1
        return x.sum(-1, keepdim=True)

    def add_terms(
        self, product: Tensor, constant: Tensor, rest: Tensor | None
    ) -> Tensor:
        return product + constant + (0 if rest is None else rest)

    def add(self, left: Tensor, right: Tensor) -> Tensor:
        return left + right

    def multiply(self, left: Tensor, right: Tensor) -> Tensor:
        return left * right

    def as_float(self, x: Tensor) -> Tensor:
        return x.double()

    def gather(self, table: Tensor, ids: Tensor) -> Tensor:
        return table[ids]

    def positions(self, ids: Tensor) -> Tensor:
        return torch.arange(ids.shape[1]).unsqueeze(0)


class TorchLayers(TorchArithmetic, GraphLayers[Tensor]):
    """Quantized layers by the arithmetic above."""


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("before", [None, False, True])
@pytest.mark.parametrize(
    "weight",
    [None, AffineSpec(8, symmetric=True)]
    + [AffineSpec(bits, RowGroups(4)) for bits in (2, 3, 4, 8)],
)
@torch.no_grad()
def test_a_linear_layer_is_the_fake_quantized_one(
    weight: AffineSpec | None, before: bool | None, after: bool
) -> None:
    scheme = QuantScheme(
        weight,
        None if before is None else observed(symmetric=before),
        observed(symmetric=False) if after else None,
    )
    layer, x = quantized_linear(scheme), inputs(seed=9)
    found = TorchLayers().linear(layer, x.double())
    assert torch.allclose(found.float(), layer(x), atol=2e-6)


@torch.no_grad()
def test_rows_of_a_table_are_the_fake_quantized_ones() -> None:
    ids = torch.tensor([[3, 0, 5], [1, 1, 7]])
    for weight in (None, AffineSpec(3, PerTensor()), AffineSpec(4, RowGroups(4))):
        torch.manual_seed(0)
        table = QuantizedEmbedding.from_float(
            nn.Embedding(8, 6), QuantScheme(weight), "table"
        ).eval()
        rows = TorchLayers().look_up(table, ids)
        assert torch.allclose(rows.float(), table(ids), atol=1e-6)
        first = TorchLayers().look_up_positions(table, ids)
        assert torch.allclose(first.float(), table(torch.arange(3))[None], atol=1e-6)


@torch.no_grad()
def test_layers_that_see_one_tensor_round_it_once() -> None:
    scheme = QuantScheme(AffineSpec(4), observed(symmetric=False))
    layer, x, graph = quantized_linear(scheme), inputs().double(), TorchLayers()
    graph.linear(layer, x)
    graph.linear(quantized_linear(scheme), x)
    assert graph.done["fake_quantize"] == 1
    graph.linear(layer, x.clone())
    assert graph.done["fake_quantize"] == 2
    on_floats = quantized_linear(QuantScheme(None, observed(symmetric=False)))
    graph.linear(on_floats, x)  # counts from zero, which one sum makes of the same
    assert graph.done["fake_quantize"] == 2


@torch.no_grad()
def test_weights_with_nothing_left_over_cost_no_sum() -> None:
    for symmetric, sums in ((True, 0), (False, 1)):
        weight = AffineSpec(4, RowGroups(4), symmetric=symmetric)
        graph = TorchLayers()
        graph.linear(quantized_linear(QuantScheme(weight)), inputs().double())
        assert graph.done["total"] == sums
