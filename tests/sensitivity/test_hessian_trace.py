from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.sensitivity import HessianTrace

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack


@pytest.mark.parametrize(
    "how", [{}, {"joint": True}, {"estimator": "stratified", "num_samples": 2}]
)
def test_diagonal_hessians_are_exact(
    stack: Stack, subset: Callable[..., list], how: dict[str, Any]
) -> None:
    metric = HessianTrace(parameters="weights", precision="float64", **how)
    table = metric.score(stack.problem(subset(1.0), subset(3.0)))
    # soft: (1 + 0.5) / 2 and stiff: (−4 + 2 + 1) / 3, at scales 1 and 3
    assert table.metric == "hessian_trace"
    assert table.samples["soft"] == pytest.approx((0.75, 2.25))
    assert table.samples["stiff"] == pytest.approx((-1 / 3, -1.0))
    assert table.importance["soft"] == pytest.approx(1.5)
    assert table.importance["stiff"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_samples": 1}, "num_samples=1"),
        ({"tolerance": -0.1}, "tolerance=-0.1"),
        ({"estimator": "xtrace"}, "estimator=xtrace: accepted hutchinson, stratified"),
        ({"estimator": "stratified", "joint": True}, "joint=true: accepted false"),
    ],
)
def test_values_out_of_range(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(QbertError, match=message):
        HessianTrace(**arguments)


def test_a_loss_that_is_not_finite_names_the_block(
    stack: Stack, subset: Callable[..., list]
) -> None:
    metric = HessianTrace(parameters="weights", estimator="stratified")
    with pytest.raises(QbertError, match=r"subset 0: hessian of soft: .*not finite"):
        metric.score(stack.problem(subset(float("nan"))))
