from __future__ import annotations

import warnings
from dataclasses import replace
from math import hypot
from pathlib import Path

import pytest
import torch

from qbert_lightning.benchmarks.hessian_contestants import (
    CONTESTANTS,
    Contestant,
    Demand,
    FoundTrace,
    _smallest_change,
)
from qbert_lightning.hessian import hutchinson_trace, top_eigenpairs
from tests.benchmarks.problems import LAYER, problem

DEMAND = Demand(
    layer=LAYER,
    k=2,
    tolerance=1e-2,
    max_iterations=300,
    max_products=40,
    num_samples=3,
    seed=0,
)


@pytest.fixture(params=CONTESTANTS)
def contestant(request: pytest.FixtureRequest) -> Contestant:
    found = CONTESTANTS[request.param]
    pytest.importorskip(found.package)
    return found


@pytest.mark.parametrize("num_batches", [1, 2])
def test_all_find_the_same_eigenvalues(
    contestant: Contestant, num_batches: int, tmp_path: Path
) -> None:
    given = problem(tmp_path, num_batches)
    with given.operator(LAYER) as hessian:
        exact = top_eigenpairs(hessian, 2, tolerance=1e-5, max_products=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = contestant.eigenpairs(given, DEMAND)
    assert list(found.values) == pytest.approx(exact.values, rel=1e-2)
    residuals = given.residuals(LAYER, found.values, found.vectors)
    assert max(residuals) < DEMAND.tolerance
    assert given.parameters(LAYER)[0].requires_grad


def test_all_find_the_same_trace(contestant: Contestant, tmp_path: Path) -> None:
    given = problem(tmp_path)
    with given.operator(LAYER) as hessian:
        exact = hutchinson_trace(hessian, num_samples=400)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = contestant.trace(given, replace(DEMAND, num_samples=20))
    error = hypot(found.standard_error, exact.standard_error)
    assert abs(found.trace - exact.trace) < 4 * error
    assert found.num_products >= 20
    assert given.parameters(LAYER)[0].requires_grad


def test_ours_reaches_the_error_it_is_told(tmp_path: Path) -> None:
    given = problem(tmp_path)
    loose = CONTESTANTS["ours"].trace(given, replace(DEMAND, num_samples=4))
    demand = replace(DEMAND, num_samples=1000, standard_error=loose.standard_error / 2)
    tight = CONTESTANTS["ours"].trace(given, demand)
    assert tight.standard_error < 1.2 * demand.standard_error
    assert tight.num_products > loose.num_products


def test_a_trace_of_samples() -> None:
    found = FoundTrace.of([1.0, 3.0])
    assert found == FoundTrace(trace=2.0, standard_error=1.0, num_products=2)


def test_a_smaller_change_is_asked_for_where_vectors_are_deflated() -> None:
    assert _smallest_change(replace(DEMAND, k=1)) == pytest.approx(1e-4)
    assert _smallest_change(replace(DEMAND, k=2)) == pytest.approx(1e-6)
    tight = replace(DEMAND, tolerance=1e-6)
    assert 0 < _smallest_change(tight) == torch.finfo(torch.float32).eps
