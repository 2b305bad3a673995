from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.modules import mean_loss
from qbert_lightning.sensitivity import HessianEigenvalue, Problem, Solver
from tests.tiny import tiny_batch, tiny_bert

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack


@pytest.mark.parametrize("solver", ["lanczos", "power"])
def test_omega_is_mean_magnitude_plus_deviation(
    stack: Stack, subset: Callable[..., list], solver: Solver
) -> None:
    metric = HessianEigenvalue(parameters="weights", solver=solver)
    table = metric.score(stack.problem(subset(1.0), subset(3.0)))
    # soft: λ = 1, 3 and stiff: λ = −4, −12, with their signs
    assert table.metric == "hessian_eigenvalue"
    assert table.samples["soft"] == pytest.approx((1.0, 3.0), rel=0.02)
    assert table.samples["stiff"] == pytest.approx((-4.0, -12.0), rel=0.02)
    assert table.importance["soft"] == pytest.approx(2.0 + 1.0, rel=0.02)
    assert table.importance["stiff"] == pytest.approx(8.0 + 4.0, rel=0.02)


def test_all_parameters_include_biases(
    stack: Stack, subset: Callable[..., list]
) -> None:
    table = HessianEigenvalue().score(stack.problem(subset(1.0)))
    assert table.samples["soft"] == pytest.approx((100.0,), rel=0.01)


def test_a_start_without_the_top_direction_still_finds_it(
    stack: Stack, subset: Callable[..., list]
) -> None:
    with torch.no_grad():  # the gradient has no part along the stiffest direction
        stack.model["stiff"].weight[0, 0] = 0.0
        stack.model["soft"].weight.zero_()
    metric = HessianEigenvalue(parameters="weights")
    table = metric.score(stack.problem(subset(1.0)))
    assert table.samples["stiff"] == pytest.approx((-4.0,), rel=0.001)
    assert table.samples["soft"] == pytest.approx((1.0,), rel=0.001)


def test_algebraic_order_takes_the_largest_with_its_sign(
    stack: Stack, subset: Callable[..., list]
) -> None:
    metric = HessianEigenvalue(parameters="weights", order="algebraic")
    table = metric.score(stack.problem(subset(1.0)))
    assert table.samples["stiff"] == pytest.approx((2.0,), rel=0.001)


def test_one_subset_has_no_deviation() -> None:
    assert HessianEigenvalue().summarise([-2.5]) == 2.5


def test_too_few_products_are_reported(
    stack: Stack, subset: Callable[..., list], caplog: pytest.LogCaptureFixture
) -> None:
    metric = HessianEigenvalue(max_products=1, tolerance=1e-6)
    with caplog.at_level(logging.WARNING):
        metric.score(stack.problem(subset(1.0)))
    assert len(caplog.messages) == 2
    assert "soft: top eigenvalue" in caplog.messages[0]
    assert "max_products" in caplog.messages[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"solver": "qr"}, "solver=qr: accepted lanczos, power"),
        ({"tolerance": 0.0}, "tolerance=0.0"),
        ({"max_products": 0}, "max_products=0"),
        ({"order": "size"}, "order=size: accepted magnitude, algebraic"),
        ({"order": "algebraic", "solver": "power"}, "accepted with .*solver=lanczos"),
    ],
)
def test_values_out_of_range(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(QbertError, match=message):
        HessianEigenvalue(**arguments)


def test_bert_layers_do_not_depend_on_the_batch_size() -> None:
    model = tiny_bert()
    model.set_attn_implementation("eager")
    model.double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    whole = tiny_batch()
    parts = [
        {name: rows[part] for name, rows in whole.items()}
        for part in (slice(0, 4), slice(4, 6))
    ]
    blocks = {f"layer.{i}": layer for i, layer in enumerate(model.bert.encoder.layer)}

    problem = Problem(
        model=model, loss=mean_loss, blocks=blocks, subsets=[[whole], parts]
    )
    table = HessianEigenvalue(tolerance=1e-6, precision="float64").score(problem)
    for block in blocks:
        first, second = table.samples[block]
        assert first == pytest.approx(second, rel=1e-6)
    assert model.training
