"""What the Hessian metrics share beyond the loop: parameters, precision, directions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.sensitivity import HessianEigenvalue, HessianTrace

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack


def test_same_seed_same_table(stack: Stack, subset: Callable[..., list]) -> None:
    def table(seed: int) -> object:
        return HessianTrace(seed=seed, num_samples=3).score(stack.problem(subset(1.0)))

    torch.manual_seed(1)
    first = table(5)
    torch.manual_seed(2)
    assert table(5) == first


def test_precision_is_the_metrics_and_the_model_keeps_its_own(
    stack: Stack, subset: Callable[..., list]
) -> None:
    seen = set()
    problem = stack.problem(subset(1.0))

    def loss(model: torch.nn.ModuleDict, batch: dict[str, Any]) -> torch.Tensor:
        seen.add(model["soft"].weight.dtype)
        return problem.loss(model, batch)

    spied = type(problem)(
        model=problem.model, loss=loss, blocks=problem.blocks, subsets=problem.subsets
    )
    HessianEigenvalue(precision="float32").score(spied)
    assert seen == {torch.float32}
    assert stack.model["soft"].weight.dtype == torch.float64


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"parameters": "biases"}, "parameters=biases: accepted all, weights"),
        ({"precision": "half"}, "precision=half: accepted float32, float64"),
    ],
)
def test_unknown_choices(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(QbertError, match=message):
        HessianTrace(**arguments)
