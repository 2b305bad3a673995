"""The loop over data subsets and devices, shared by all measured metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.sensitivity import (
    HessianEigenvalue,
    HessianTrace,
    Measurement,
    SampledMetric,
)

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack

METRICS = [HessianEigenvalue, HessianTrace]


def test_defaults_are_the_papers() -> None:
    metric: SampledMetric = HessianEigenvalue()
    assert (metric.num_subsets, metric.fraction) == (10, 0.1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_subsets": 0}, r"analysis.num_subsets=0: accepted 1 or more"),
        ({"batch_size": 0}, r"analysis.batch_size=0: accepted 1 or more"),
        ({"fraction": 0.0}, r"analysis.fraction=0.0: accepted \]0, 1\]"),
        ({"fraction": 1.5}, r"analysis.fraction=1.5"),
        ({"max_examples": 8, "batch_size": 16}, r"analysis.max_examples=8"),
    ],
)
def test_values_out_of_range(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(QbertError, match=message) as caught:
        HessianEigenvalue(**arguments)
    assert caught.value.code == 2


def test_the_whole_fraction_may_be_asked_for() -> None:
    assert HessianEigenvalue(max_examples=None).max_examples is None


def test_subsets_are_drawn_with_seeds_of_their_own() -> None:
    asked = []

    def sample(fraction: float, seed: int, most: int | None, size: int) -> list[dict]:
        asked.append((fraction, seed, most, size))
        return [{"x": torch.zeros(size)}]

    subsets = HessianEigenvalue(num_subsets=3, seed=7).draw(sample)
    assert len(subsets) == 3
    assert asked == [(0.1, seed, 64, 16) for seed in (7, 8, 9)]


def test_too_little_data_for_a_batch() -> None:
    metric = HessianEigenvalue(batch_size=16)
    metric.check(160, ())
    message = r"batch_size=16: more than a subset, .* of 150 .*: accepted 1..15"
    with pytest.raises(QbertError, match=message) as caught:
        metric.check(150, ())
    assert caught.value.code == 2


@pytest.mark.parametrize("kind", METRICS)
def test_every_value_is_told_and_can_be_given_back(
    stack: Stack, subset: Callable[..., list], kind: type[SampledMetric]
) -> None:
    problem = stack.problem(subset(1.0), subset(2.0))
    told: list[Measurement] = []
    table = kind().score(problem, progress=told.append)
    assert {each.key for each in told} == {
        (block, number, None) for block in problem.blocks for number in (0, 1)
    }
    assert [each.done for each in told] == [1, 2, 3, 4]
    assert {each.total for each in told} == {4}
    values = {each.key: each.value for each in told}
    for block, row in table.samples.items():
        assert row == (values[block, 0, None], values[block, 1, None])

    finished = {
        ("soft", 0, None): 7.0,
        ("soft", 1, None): 9.0,
        ("stiff", 0, None): values["stiff", 0, None],
        ("a block of another analysis", 0, None): 1.0,
    }
    again: list[Measurement] = []
    resumed = kind().score(problem, finished=finished, progress=again.append)
    assert [(each.key, each.done) for each in again] == [(("stiff", 1, None), 4)]
    assert resumed.samples["soft"] == (7.0, 9.0)
    assert resumed.samples["stiff"] == pytest.approx(table.samples["stiff"], rel=1e-6)


@pytest.mark.parametrize("kind", METRICS)
def test_several_devices_find_the_same(
    stack: Stack, subset: Callable[..., list], kind: type[SampledMetric]
) -> None:
    problem = stack.problem(*(subset(float(scale)) for scale in range(1, 6)))
    told: list[Measurement] = []
    alone = kind().score(problem)
    together = kind().score(
        problem, devices=[torch.device("cpu")] * 3, progress=told.append
    )
    assert together == alone
    assert [each.done for each in told] == list(range(1, 11))


@pytest.mark.parametrize("num_devices", [1, 2])
@pytest.mark.parametrize("kind", METRICS)
def test_a_bad_subset_is_named_with_its_block(
    stack: Stack,
    subset: Callable[..., list],
    kind: type[SampledMetric],
    num_devices: int,
) -> None:
    told: list[Measurement] = []
    with pytest.raises(QbertError, match=r"data subset 1: hessian of s") as caught:
        kind().score(
            stack.problem(subset(1.0), subset(float("nan"))),
            devices=[torch.device("cpu")] * num_devices,
            progress=told.append,
        )
    assert caught.value.code == 1
    if num_devices == 1:
        assert len(told) == 2  # what was finished before has been told
    assert all(parameter.requires_grad for parameter in stack.model.parameters())


def test_nothing_to_measure(stack: Stack, subset: Callable[..., list]) -> None:
    problem = stack.problem(subset(1.0))
    with pytest.raises(QbertError, match="0 blocks, 1 subsets"):
        HessianTrace().score(replace(problem, blocks={}))
    with pytest.raises(QbertError, match="2 blocks, 0 subsets"):
        HessianTrace().score(stack.problem())
