"""Curvature along a direction, against vᵀ H v from whole products."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import HessianOperator
from qbert_lightning.hessian.cuts import Cuts

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification

    from tests.hessian.conftest import Problem


@pytest.mark.parametrize("names", [("0",), ("4",), ("0", "2", "4")])
@pytest.mark.parametrize("cache_mib", [0.0, 100.0])
def test_curvature_along_any_direction(
    problem: Problem, names: tuple[str, ...], cache_mib: float
) -> None:
    blocks = {name: problem.blocks[name] for name in names}
    explicit = problem.explicit(names)
    directions = torch.randn(3, len(explicit), dtype=torch.float64)
    with HessianOperator(
        problem.model, problem.loss, blocks, problem.batches, cache_mib=cache_mib
    ) as hessian:
        for vector in directions:
            expected = float(vector @ explicit @ vector)
            found = hessian.curvature_along(vector)
            assert found == pytest.approx(expected, rel=1e-10)
            product = hessian @ vector  # the cuts are open again
            torch.testing.assert_close(product, explicit @ vector)


@pytest.mark.parametrize("block", ["bert.embeddings", "bert.encoder.layer.0", "bert"])
def test_a_transformer_with_padding_and_residual_paths(
    tiny_bert: Callable[[str], BertForSequenceClassification],
    padded_batch: dict[str, Tensor],
    block: str,
) -> None:
    model = tiny_bert("eager")
    parameters = list(model.get_submodule(block).parameters())
    loss = lambda batch: model(**batch).loss  # noqa: E731
    with HessianOperator(model, loss, {block: parameters}, [padded_batch]) as hessian:
        vector = torch.randn(hessian.size, dtype=torch.float64)
        expected = float(vector @ (hessian @ vector))
        assert abs(expected) > 0.01
        found = hessian.curvature_along(vector)
        assert found == pytest.approx(expected, rel=1e-9)


def test_layers_used_twice_and_values_changed_in_place() -> None:
    shared, last = nn.Linear(3, 3), nn.Linear(3, 1)
    model = nn.ModuleList([shared, last]).double()

    def loss(batch: dict[str, Tensor]) -> Tensor:
        hidden = shared(shared(batch["x"]).sigmoid_()).mul_(2)
        return last(hidden + batch["x"]).square().mean()

    data = [{"x": torch.randn(4, 3, dtype=torch.float64)}]
    with HessianOperator(
        model, loss, {"all": list(model.parameters())}, data
    ) as hessian:
        vector = torch.randn(hessian.size, dtype=torch.float64)
        expected = float(vector @ (hessian @ vector))
        assert hessian.curvature_along(vector) == pytest.approx(expected, rel=1e-10)


def test_no_matrix_product_takes_a_second_gradient_back_through_a_layer() -> None:
    layers = [nn.Linear(4, 4) for _ in range(6)]
    model = nn.Sequential(*(part for each in layers for part in (each, nn.Tanh())))
    first = {"first": list(layers[0].parameters())}
    data = [{"x": torch.randn(2, 4)}]

    def count(measure: Callable[[], object]) -> int:
        measure()  # builds the graph
        with torch.profiler.profile() as profile:
            measure()
        return sum(each.name == "aten::mm" for each in profile.events())

    with HessianOperator(
        model, lambda batch: model(batch["x"]).square().sum(), first, data
    ) as hessian:
        vector = torch.ones(hessian.size)
        whole = count(lambda: hessian @ vector)
        along = count(lambda: hessian.curvature_along(vector))
    assert (whole, along) == (2 + 2 * 5, 1 + 5)


def test_hooks_are_removed_and_nothing_is_held() -> None:
    layer, cuts = nn.Linear(2, 2), Cuts()
    with cuts.behind_linear_layers(layer):
        assert layer._forward_hooks
    assert not layer._forward_hooks
    with cuts.closed():
        cuts.meet("place", torch.ones(2))
        cuts.meet("place", torch.ones(2))
        cuts.meet("alone", torch.ones(2))
    assert cuts.curvature == 2.0
    assert not cuts._waiting


def test_a_curvature_that_is_not_finite_names_the_block() -> None:
    layer = nn.Linear(1, 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    loss = lambda batch: layer(batch["x"]).abs().pow(1.5).mean()  # noqa: E731
    with (
        pytest.raises(QbertError, match="hessian of bad: a curvature") as caught,
        HessianOperator(
            layer, loss, {"bad": list(layer.parameters())}, [{"x": torch.ones(2, 1)}]
        ) as hessian,
    ):
        hessian.curvature_along(torch.ones(2))
    assert caught.value.code == 1
