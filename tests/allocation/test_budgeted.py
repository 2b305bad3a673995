"""The checks that `Ranked`, `Reversed` and `Pareto` share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from qbert_lightning.allocation import BudgetedAllocator, Pareto, Ranked, Reversed
from qbert_lightning.errors import QbertError
from tests.allocation.problems import example

KINDS = [Ranked, Reversed, Pareto]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "candidates", [[], [1, 2], [2, 9], [2, 2], [2.5], [True, 2], ["2"]]
)
def test_widths_outside_the_range(
    kind: type[BudgetedAllocator], candidates: list[Any]
) -> None:
    with pytest.raises(QbertError, match=r"candidate_bits.*accepted different widths"):
        kind(candidates, average_bits=4)


@pytest.mark.parametrize("kind", KINDS)
def test_too_small_an_average_is_refused_at_once(kind: type[BudgetedAllocator]) -> None:
    with pytest.raises(QbertError, match=r"average_bits=1.5: accepted from 2, the"):
        kind((2, 3), average_bits=1.5)


@pytest.mark.parametrize("kind", KINDS)
def test_too_few_megabytes_name_the_smallest(kind: type[BudgetedAllocator]) -> None:
    problem = example([1.0, 2.0], size=2**20)
    with pytest.raises(QbertError, match=r"megabytes=0.1: accepted from 0\.5001, the"):
        kind((2, 3), megabytes=0.1).allocate(problem.table, problem.blocks)


@pytest.mark.parametrize("kind", KINDS)
def test_missing_or_broken_numbers(kind: type[BudgetedAllocator]) -> None:
    problem = example([1.0, 2.0])
    allocator = kind((2, 3), average_bits=2.5)
    with pytest.raises(QbertError, match="no sensitivity table"):
        allocator.allocate(None, problem.blocks)
    with pytest.raises(QbertError, match="0 blocks"):
        allocator.allocate(problem.table, {})
    blocks = {**problem.blocks, "extra": problem.blocks["layer.0"]}
    with pytest.raises(QbertError, match="extra is None"):
        allocator.allocate(problem.table, blocks)
    broken = replace(
        problem.table,
        importance={"layer.0": 1.0, "layer.1": float("nan")},
        scores={"layer.0": {2: 1.0, 3: 1.0}, "layer.1": {2: float("nan"), 3: 1.0}},
    )
    with pytest.raises(QbertError, match=r"layer\.1 is nan"):
        allocator.allocate(broken, problem.blocks)


@pytest.mark.parametrize("kind", KINDS)
def test_a_generous_budget_widens_all(kind: type[BudgetedAllocator]) -> None:
    problem = example([1.0, 2.0, 3.0])
    bits = kind((2, 4), average_bits=100).allocate(problem.table, problem.blocks)
    assert set(bits.values()) == {4}
