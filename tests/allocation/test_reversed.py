from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from qbert_lightning.allocation import Ranked, Reversed
from tests.allocation.problems import Problem, example, problems


def test_least_important_layers_get_more_bits() -> None:
    problem = example([1.0, 9.0, 4.0, 5.0])
    bits = Reversed((2, 3), average_bits=2.5).allocate(problem.table, problem.blocks)
    assert list(bits.values()) == [3, 2, 3, 2]


@settings(max_examples=100, deadline=None)
@given(problem=problems(equal_sizes=True), average=st.floats(2, 8))
def test_same_size_as_ranked_for_equal_layers(problem: Problem, average: float) -> None:
    sizes = [
        problem.average_bits(
            kind((2, 4, 8), average_bits=average).allocate(
                problem.table, problem.blocks
            )
        )
        for kind in (Ranked, Reversed)
    ]
    assert sizes[0] == sizes[1]
