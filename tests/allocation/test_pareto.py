"""The dynamic programme against every assignment there is."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbert_lightning.allocation import Pareto, pareto_front
from tests.allocation.problems import BITS, Problem, example, problems


@settings(max_examples=150, deadline=None)
@given(problem=problems(), average=st.floats(2, 9))
def test_equals_brute_force_in_average_bits(problem: Problem, average: float) -> None:
    bits = Pareto(BITS, average_bits=average).allocate(problem.table, problem.blocks)
    limit = average * (1 + 1e-6)
    best = min(
        problem.score(each)
        for each in problem.assignments(BITS)
        if problem.average_bits(each) <= limit
    )
    assert problem.average_bits(bits) <= limit
    assert problem.score(bits) == pytest.approx(best, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(problem=problems(), data=st.data())
def test_equals_brute_force_in_megabytes(problem: Problem, data: st.DataObject) -> None:
    sizes = sorted(problem.megabytes(each) for each in problem.assignments(BITS))
    budget = data.draw(st.sampled_from(sizes))
    bits = Pareto(BITS, megabytes=budget).allocate(problem.table, problem.blocks)
    best = min(
        problem.score(each)
        for each in problem.assignments(BITS)
        if problem.megabytes(each) <= budget
    )
    assert problem.megabytes(bits) <= budget
    assert problem.score(bits) == pytest.approx(best, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(problem=problems())
def test_the_front_is_complete_and_undominated(problem: Problem) -> None:
    front = Pareto(BITS, megabytes=1).front(problem.table, problem.blocks)
    every = [
        (problem.megabytes(each), problem.score(each))
        for each in problem.assignments(BITS)
    ]
    costs = [point.cost for point in front]
    scores = [point.score for point in front]
    assert costs == sorted(set(costs))
    assert all(left > right for left, right in pairwise(scores))
    for point in front:
        assert problem.megabytes(dict(point.bits)) * 8 * 2**20 == point.cost
        assert problem.score(dict(point.bits)) == pytest.approx(point.score, abs=1e-9)
    for size, score in every:  # something on the front is as small and as good
        assert any(
            point.cost <= size * 8 * 2**20 and point.score <= score + 1e-9
            for point in front
        )


def test_equal_scores_take_the_smaller_width() -> None:
    problem = example([0.0, 1.0])
    bits = Pareto((2, 4), average_bits=4).allocate(problem.table, problem.blocks)
    assert bits == {"layer.0": 2, "layer.1": 4}


def test_nothing_within_the_limit() -> None:
    assert pareto_front({"a": {2: 20}}, {"a": {2: 1.0}}, limit=19) == []


def test_every_matrix_of_a_large_model_is_quick_and_at_least_as_good_as_greedy() -> (
    None
):
    rng = random.Random(0)
    shapes = [384 * 384] * 48 + [384 * 1536] * 24
    costs = {f"m{i}": {b: size * b for b in BITS} for i, size in enumerate(shapes)}
    scores = {
        name: {b: rng.lognormvariate(0, 2) * 4.0**-b for b in BITS} for name in costs
    }
    limit = int(2.7 * sum(shapes))
    best = pareto_front(costs, scores, limit)[-1]
    greedy = dict.fromkeys(costs, 2)
    left = limit - sum(costs[name][2] for name in costs)
    for name in sorted(costs, key=lambda each: -scores[each][2]):
        if costs[name][4] - costs[name][2] <= left:
            left -= costs[name][4] - costs[name][2]
            greedy[name] = 4
    assert best.cost <= limit
    assert best.score <= sum(scores[name][greedy[name]] for name in costs)
