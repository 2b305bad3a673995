"""Eigenpairs against `eigvalsh`, with residuals taken anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import Eigenpairs, HessianOperator, Order, top_eigenpairs

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def true_residuals(matrix: Tensor, pairs: Eigenpairs) -> list[float]:
    products = pairs.vectors @ matrix
    values = torch.tensor(pairs.values, dtype=matrix.dtype)
    residuals = (products - values[:, None] * pairs.vectors).norm(dim=1)
    return (residuals / values.abs()).tolist()


@pytest.mark.parametrize(
    ("spectrum", "which", "expected"),
    [
        ((1, 2, 3, 10), "magnitude", (10, 3)),
        ((-8, 3, 1, 0), "magnitude", (-8, 3)),
        ((-8, 3, 1, 0), "algebraic", (3, 1)),
        ((-8, -3, -1, -0.5), "algebraic", (-0.5, -1)),
        ((5, 5, 1, 2), "magnitude", (5, 5)),
        ((4, 4, 4, 4), "magnitude", (4, 4)),
        ((7, 0, 0, 0), "magnitude", (7, 0)),
        ((0, 0, 0, 0), "magnitude", (0, 0)),
    ],
)
def test_known_spectra(
    symmetric: Callable[..., Tensor],
    spectrum: Sequence[float],
    which: Order,
    expected: tuple[float, ...],
) -> None:
    pairs = top_eigenpairs(symmetric(spectrum), k=2, which=which, generator=generator())
    assert pairs.values == pytest.approx(expected, abs=1e-8)
    assert pairs.converged
    torch.testing.assert_close(
        pairs.vectors @ pairs.vectors.T, torch.eye(2, dtype=torch.float64)
    )


@pytest.mark.parametrize("max_basis", [5, 6, 20])
@pytest.mark.parametrize(
    "top",
    [
        (9, -9, 8),  # a ± pair
        (9, 8.9, -8.8),  # a cluster
        (9, 9, 8),  # repeated
        (-9, -8, 7),
    ],
)
def test_a_small_basis_finds_the_same(
    symmetric: Callable[..., Tensor], top: tuple[float, ...], max_basis: int
) -> None:
    rest = torch.linspace(-4, 5, 57).tolist()
    matrix = symmetric([*top, *rest])
    pairs = top_eigenpairs(
        matrix, k=3, max_basis=max_basis, max_products=300, generator=generator()
    )
    assert pairs.converged
    assert max(true_residuals(matrix, pairs)) < 1e-3
    if len(set(top)) == 3:  # a copy is seen only where the process breaks down
        assert sorted(pairs.values) == pytest.approx(sorted(top), rel=1e-5)


def test_a_small_basis_may_break_down(symmetric: Callable[..., Tensor]) -> None:
    matrix = symmetric([7, 7, 7, *[0] * 20])
    pairs = top_eigenpairs(matrix, k=3, max_basis=5, generator=generator())
    assert pairs.values == pytest.approx((7, 7, 7))
    assert pairs.converged


def test_giving_up_between_restarts_is_not_converged(
    symmetric: Callable[..., Tensor],
) -> None:
    matrix = symmetric(torch.linspace(0.9, 1.0, 80).tolist())
    pairs = top_eigenpairs(
        matrix,
        k=2,
        tolerance=1e-8,
        max_basis=6,
        max_products=31,
        generator=generator(),
    )
    assert not pairs.converged
    assert pairs.num_products == 31
    assert pairs.residuals == pytest.approx(true_residuals(matrix, pairs), rel=1e-6)


def test_a_basis_without_room_is_refused() -> None:
    with pytest.raises(QbertError, match="max_basis=3: accepted 4 or more"):
        top_eigenpairs(torch.eye(9), k=2, max_basis=3)


def test_plus_minus_pair_is_never_a_value_in_between(
    symmetric: Callable[..., Tensor],
) -> None:
    matrix = symmetric([5.0, -5.0, *[0.1 * i for i in range(30)]])
    for seed in range(20):
        pairs = top_eigenpairs(matrix, k=2, generator=generator(seed))
        assert pairs.converged
        assert sorted(pairs.values) == pytest.approx([-5.0, 5.0], rel=1e-4)
        [value] = top_eigenpairs(matrix, generator=generator(seed)).values
        assert abs(value) == pytest.approx(5.0, rel=1e-4)


@settings(max_examples=200, deadline=None)
@given(
    spectrum=st.lists(st.floats(-10, 10, width=16), min_size=3, max_size=24),
    k=st.integers(1, 3),
    seed=st.integers(0, 2**20),
)
def test_converged_implies_a_small_residual(
    spectrum: list[float], k: int, seed: int
) -> None:
    matrix = torch.diag(torch.tensor(spectrum, dtype=torch.float64))
    basis = torch.linalg.qr(
        torch.randn(matrix.shape, generator=generator(seed), dtype=torch.float64)
    )[0]
    matrix = basis @ matrix @ basis.T
    # A start with a share of every eigenvector: what it has none of cannot be found.
    start = basis.sum(dim=1)
    pairs = top_eigenpairs(matrix, k=k, start=start, generator=generator(seed))
    assert pairs.converged
    largest = float(matrix.abs().max())
    truth = torch.linalg.eigvalsh(matrix)
    for value, residual in zip(
        pairs.values, true_residuals(matrix, pairs), strict=True
    ):
        if abs(value) > 1e-9 * largest:
            assert residual <= 1.01e-3
        assert float((truth - value).abs().min()) <= 1e-3 * abs(value) + 1e-12
    top = sorted(truth.abs().tolist(), reverse=True)
    assert abs(pairs.values[0]) == pytest.approx(top[0], rel=1e-2, abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-30, 1e-8, 1e8, 1e30])
def test_scale_equivariance(
    symmetric: Callable[..., Tensor], dtype: torch.dtype, scale: float
) -> None:
    matrix = symmetric([-8.0, 3.0, 1.0, 0.5, 0.1], dtype=dtype)
    plain = top_eigenpairs(matrix, k=2, generator=generator())
    scaled = top_eigenpairs(matrix * scale, k=2, generator=generator())
    assert scaled.values == pytest.approx([v * scale for v in plain.values], rel=1e-5)
    assert scaled.converged
    assert scaled.num_products == plain.num_products


def test_few_products_are_said_to_be_too_few(symmetric: Callable[..., Tensor]) -> None:
    matrix = symmetric(torch.linspace(0.9, 1.0, 100).tolist())
    pairs = top_eigenpairs(matrix, max_products=4, generator=generator())
    assert not pairs.converged
    assert pairs.num_products == 4
    assert pairs.residuals == pytest.approx(true_residuals(matrix, pairs), rel=1e-6)


def test_a_good_start_saves_products(symmetric: Callable[..., Tensor]) -> None:
    matrix = symmetric(torch.linspace(0.0, 1.0, 100).tolist())
    cold = top_eigenpairs(matrix, generator=generator())
    warm = top_eigenpairs(matrix, start=cold.vectors[0])
    assert warm.num_products < cold.num_products


@pytest.mark.parametrize("k", [0, 4])
def test_k_out_of_range(k: int) -> None:
    with pytest.raises(QbertError, match=rf"k={k}: accepted 1..3"):
        top_eigenpairs(torch.eye(3), k=k)


@pytest.mark.parametrize("name", ["0", "2", "4"])
def test_network_blocks(problem: Problem, name: str) -> None:
    truth = torch.linalg.eigvalsh(problem.explicit([name]))
    top = truth[truth.abs().argsort(descending=True)][:3].tolist()
    blocks = {name: problem.blocks[name]}
    with HessianOperator(
        problem.model, problem.loss, blocks, problem.batches
    ) as hessian:
        pairs = top_eigenpairs(hessian, k=3, generator=generator())
    assert pairs.values == pytest.approx(top, rel=1e-4)
