from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import Lanczos
from qbert_lightning.hessian.lanczos import random_direction


def test_factorisation_holds(symmetric: Callable[..., Tensor]) -> None:
    matrix = symmetric(list(range(-20, 30)))
    process = Lanczos(matrix, generator=torch.Generator().manual_seed(0))
    for _ in range(25):
        process.step()
    ritz = process.ritz()
    process.basis.become(ritz.coefficients)
    vectors = process.basis.taken()
    torch.testing.assert_close(
        vectors @ vectors.T, torch.eye(25, dtype=torch.float64), rtol=0, atol=1e-12
    )
    true = (matrix @ vectors.T - vectors.T * ritz.values).norm(dim=0)
    torch.testing.assert_close(ritz.residuals, true, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("later", [0, 1, 6])
def test_factorisation_holds_after_restarts(
    symmetric: Callable[..., Tensor], later: int
) -> None:
    matrix = 1e-5 * symmetric([-40, *range(-20, 30), 40, 41])
    process = Lanczos(matrix, generator=torch.Generator().manual_seed(0))
    for _ in range(3):
        while len(process.basis) < 12:
            process.step()
        ritz = process.ritz()
        process.restart(ritz, ritz.values.abs().argsort(descending=True)[:6].tolist())
    for _ in range(later):
        process.step()
    assert process.num_products == 24 + later
    ritz = process.ritz()
    process.basis.become(ritz.coefficients)
    vectors = process.basis.taken()
    assert len(vectors) == 6 + later
    torch.testing.assert_close(
        vectors @ vectors.T, torch.eye(len(vectors)).double(), rtol=0, atol=1e-12
    )
    true = (matrix @ vectors.T - vectors.T * ritz.values).norm(dim=0)
    torch.testing.assert_close(ritz.residuals, true, rtol=1e-8, atol=1e-15)


def test_all_steps_give_the_whole_spectrum(symmetric: Callable[..., Tensor]) -> None:
    values = [-3.0, -1.0, 0.0, 2.0, 2.0, 2.0, 7.0]  # with a repeated one
    process = Lanczos(symmetric(values), generator=torch.Generator().manual_seed(0))
    while not process.is_complete:
        process.step()
    assert process.broke_down
    found = process.ritz().values.tolist()
    assert found == pytest.approx(values, abs=1e-10)


def test_zero_start_is_refused() -> None:
    with pytest.raises(QbertError, match="start vector is zero"):
        Lanczos(torch.eye(2), start=torch.zeros(2))


def test_random_direction_is_reproducible() -> None:
    first, second = (
        random_direction(torch.eye(9), torch.Generator().manual_seed(4))
        for _ in range(2)
    )
    assert torch.equal(first, second)
