from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import (
    HessianOperator,
    TraceEstimate,
    block_traces,
    hutchinson_trace,
)

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_exact_on_a_diagonal_quadratic() -> None:
    diagonal = torch.tensor([3.0, -1.0, 0.5, 8.0])
    estimate = hutchinson_trace(torch.diag(diagonal), generator=generator())
    assert estimate.trace == pytest.approx(10.5)
    assert estimate.mean_eigenvalue == pytest.approx(10.5 / 4)
    assert estimate.standard_error == 0.0
    assert len(estimate.samples) == 6


def test_standard_error_is_honest(symmetric: Callable[..., Tensor]) -> None:
    matrix = symmetric(torch.linspace(-1.0, 5.0, 40).tolist())
    truth = float(matrix.trace())
    misses = []
    for seed in range(100):
        estimate = hutchinson_trace(matrix, num_samples=40, generator=generator(seed))
        misses.append((estimate.trace - truth) / estimate.standard_error)
    scores = torch.tensor(misses)
    assert int((scores.abs() > 2).sum()) <= 14  # 5 % expected
    assert 0.7 < float(scores.std()) < 1.4
    assert abs(float(scores.mean())) < 0.4


def test_stops_when_exact_enough(symmetric: Callable[..., Tensor]) -> None:
    matrix = symmetric(torch.linspace(1.0, 5.0, 40).tolist())
    loose = hutchinson_trace(matrix, tolerance=0.1, generator=generator())
    assert len(loose.samples) < 50
    assert loose.relative_error <= 0.1
    tight = hutchinson_trace(matrix, tolerance=1e-6, generator=generator())
    assert len(tight.samples) == 50


def test_one_sample_knows_no_error() -> None:
    assert TraceEstimate((1.0,), 2).standard_error == inf
    assert TraceEstimate((1.0, -1.0), 2).relative_error == inf


def test_all_blocks_from_one_product(problem: Problem) -> None:
    with HessianOperator(
        problem.model, problem.loss, problem.blocks, problem.batches
    ) as hessian:
        estimates = block_traces(hessian, num_samples=400, generator=generator())
    for name, estimate in estimates.items():
        truth = float(problem.explicit([name]).trace())
        assert abs(estimate.trace - truth) <= 4 * estimate.standard_error
        assert estimate.standard_error < abs(truth)
        assert estimate.size == sum(p.numel() for p in problem.blocks[name])


def test_no_samples_are_refused() -> None:
    with pytest.raises(QbertError, match="num_samples=0"):
        hutchinson_trace(torch.eye(2), num_samples=0)


def test_one_block_needs_no_products(
    problem: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = {"2": problem.blocks["2"]}
    with HessianOperator(
        problem.model, problem.loss, blocks, problem.batches
    ) as hessian:
        whole = hutchinson_trace(problem.explicit(["2"]), generator=generator())
        monkeypatch.delattr(HessianOperator, "__matmul__")
        found = block_traces(hessian, generator=generator())
    assert found["2"].samples == pytest.approx(whole.samples)
