"""The loop over subsets and blocks, shared by the Hessian metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.sensitivity import (
    CurvatureMetric,
    HessianEigenvalue,
    HessianTrace,
    Measurement,
)

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack

METRICS = [HessianEigenvalue, HessianTrace]


@pytest.mark.parametrize("kind", METRICS)
def test_every_value_is_told_and_can_be_given_back(
    stack: Stack, subset: Callable[..., list], kind: type[CurvatureMetric]
) -> None:
    subsets = [subset(1.0), subset(2.0)]
    told: list[Measurement] = []
    table = kind().score(
        stack.model, stack.loss, stack.blocks, subsets, {}, progress=told.append
    )
    assert {(each.block, each.subset) for each in told} == {
        (block, number) for block in stack.blocks for number in (0, 1)
    }
    assert [each.done for each in told] == [1, 2, 3, 4]
    assert {each.total for each in told} == {4}
    values = {(each.block, each.subset): each.value for each in told}
    for block, row in table.samples.items():
        assert row == (values[block, 0], values[block, 1])

    finished = {("soft", 0): 7.0, ("soft", 1): 9.0, ("stiff", 0): values["stiff", 0]}
    again: list[Measurement] = []
    resumed = kind().score(
        stack.model,
        stack.loss,
        stack.blocks,
        subsets,
        {},
        finished=finished,
        progress=again.append,
    )
    assert [(each.block, each.subset, each.done) for each in again] == [("stiff", 1, 4)]
    assert resumed.samples["soft"] == (7.0, 9.0)
    assert resumed.samples["stiff"] == pytest.approx(table.samples["stiff"], rel=1e-6)


def test_scores_are_importance_times_perturbation(
    stack: Stack, subset: Callable[..., list]
) -> None:
    moved = {"soft": {2: 0.5, 4: 0.25}, "stiff": {2: 8.0}}
    table = HessianEigenvalue().score(
        stack.model, stack.loss, stack.blocks, [subset(1.0)], moved
    )
    for block, row in moved.items():
        for bits, distance in row.items():
            expected = table.importance[block] * distance
            assert table.scores[block][bits] == pytest.approx(expected)


def test_same_seed_same_table(stack: Stack, subset: Callable[..., list]) -> None:
    def table(seed: int) -> object:
        metric = HessianTrace(seed=seed, num_samples=3)
        return metric.score(stack.model, stack.loss, stack.blocks, [subset(1.0)], {})

    torch.manual_seed(1)
    first = table(5)
    torch.manual_seed(2)
    assert table(5) == first


@pytest.mark.parametrize("kind", METRICS)
def test_a_bad_subset_is_named_with_its_block(
    stack: Stack, subset: Callable[..., list], kind: type[CurvatureMetric]
) -> None:
    told: list[Measurement] = []
    with pytest.raises(QbertError, match=r"data subset 1: hessian of soft") as caught:
        kind().score(
            stack.model,
            stack.loss,
            stack.blocks,
            [subset(1.0), subset(float("nan"))],
            {},
            progress=told.append,
        )
    assert caught.value.code == 1
    assert len(told) == 2  # what was finished before has been told
    assert all(parameter.requires_grad for parameter in stack.model.parameters())


def test_nothing_to_measure(stack: Stack, subset: Callable[..., list]) -> None:
    with pytest.raises(QbertError, match="0 blocks, 1 subsets"):
        HessianTrace().score(stack.model, stack.loss, {}, [subset(1.0)], {})
    with pytest.raises(QbertError, match="2 blocks, 0 subsets"):
        HessianTrace().score(stack.model, stack.loss, stack.blocks, [], {})


def test_unknown_parameter_filter() -> None:
    with pytest.raises(QbertError, match="parameters=biases: accepted all, weights"):
        HessianTrace(parameters="biases")  # type: ignore[arg-type]
