from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbert_lightning.allocation import Ranked
from tests.allocation.problems import BITS, Problem, example, problems


@pytest.mark.parametrize(
    ("average", "expected"),
    [
        (2, [2, 2, 2, 2]),
        (2.24, [2, 2, 2, 2]),
        (2.25, [2, 3, 2, 2]),
        (2.5, [2, 3, 2, 3]),
        (2.99, [2, 3, 3, 3]),
        (3, [3, 3, 3, 3]),
    ],
)
def test_two_candidates(average: float, expected: list[int]) -> None:
    problem = example([1.0, 9.0, 4.0, 5.0])
    bits = Ranked((2, 3), average_bits=average).allocate(problem.table, problem.blocks)
    assert list(bits.values()) == expected
    assert list(bits) == list(problem.blocks)


def test_twelve_layers_at_two_and_a_half_bits_give_six_layers_three() -> None:
    problem = example([float(index) for index in range(12)])
    bits = Ranked((2, 3), average_bits=2.5).allocate(problem.table, problem.blocks)
    assert list(bits.values()) == [2] * 6 + [3] * 6


def test_equal_importance_serves_the_first_layer_first() -> None:
    problem = example([1.0, 1.0, 1.0])
    bits = Ranked((2, 3), average_bits=2.34).allocate(problem.table, problem.blocks)
    assert list(bits.values()) == [3, 2, 2]


def check_feasible_and_maximal(
    problem: Problem,
    bits: dict[str, int],
    budget: float,
    size: Callable[[dict[str, int]], float],
) -> None:
    assert size(bits) <= budget * (1 + 2e-6)
    for name in bits:
        for wider in (width for width in BITS if width > bits[name]):
            assert size({**bits, name: wider}) > budget * (1 - 1e-9)


@settings(max_examples=150, deadline=None)
@given(problem=problems(), average=st.floats(2, 9))
def test_feasible_and_maximal_in_average_bits(problem: Problem, average: float) -> None:
    bits = Ranked(BITS, average_bits=average).allocate(problem.table, problem.blocks)
    check_feasible_and_maximal(problem, bits, average, problem.average_bits)


@settings(max_examples=150, deadline=None)
@given(problem=problems(), share=st.floats(0, 1))
def test_feasible_and_maximal_in_megabytes(problem: Problem, share: float) -> None:
    smallest, largest = (
        problem.megabytes(dict.fromkeys(problem.blocks, width)) for width in (2, 8)
    )
    budget = smallest * (1 + 1e-9) + share * (largest - smallest)
    bits = Ranked(BITS, megabytes=budget).allocate(problem.table, problem.blocks)
    check_feasible_and_maximal(problem, bits, budget, problem.megabytes)


@settings(max_examples=150, deadline=None)
@given(problem=problems(equal_sizes=True), average=st.floats(2, 8))
def test_more_important_layers_never_get_fewer_bits(
    problem: Problem, average: float
) -> None:
    bits = Ranked(BITS, average_bits=average).allocate(problem.table, problem.blocks)
    for first in bits:
        for second in bits:
            if problem.table.importance[first] > problem.table.importance[second]:
                assert bits[first] >= bits[second]
