from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from qbert_lightning.benchmarks.hessian_contestants import (
    CONTESTANTS,
    Contestant,
    Demand,
)
from qbert_lightning.hessian import top_eigenpairs
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
    assert max(given.residuals(LAYER, found.values, found.vectors)) < 0.1
    assert given.parameters(LAYER)[0].requires_grad


def test_all_take_as_many_samples_of_the_same_trace(
    contestant: Contestant, tmp_path: Path
) -> None:
    given = problem(tmp_path)
    ours = CONTESTANTS["ours"].trace_samples(given, DEMAND)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        samples = contestant.trace_samples(given, DEMAND)
    assert len(samples) == 3
    spread = max(ours) - min(ours)
    middle = sum(ours) / 3
    assert all(abs(sample - middle) < 20 * spread for sample in samples)
