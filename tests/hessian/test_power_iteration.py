from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import power_iteration


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("spectrum", "expected"), [((10, 3, 1, 0), 10), ((-8, 3, 1, 0), -8)]
)
def test_finds_value_and_sign_within_one_percent(
    symmetric: Callable[..., Tensor], spectrum: Sequence[float], expected: float
) -> None:
    matrix = symmetric(spectrum)
    pair = power_iteration(matrix, generator=generator())
    assert pair.values[0] == pytest.approx(expected, rel=0.01)
    [vector] = pair.vectors
    residual = float((matrix @ vector - pair.values[0] * vector).norm())
    assert pair.residuals[0] == pytest.approx(residual / abs(expected), rel=0.02)


def test_plus_minus_pair_is_not_called_converged(
    symmetric: Callable[..., Tensor],
) -> None:
    matrix = symmetric([5.0, -5.0, 1.0, 0.5])
    for seed in range(20):
        assert not power_iteration(matrix, generator=generator(seed)).converged


def test_zero_matrix() -> None:
    pair = power_iteration(torch.zeros(4, 4), generator=generator())
    assert pair.values == (0.0,)
    assert pair.converged


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_scale_equivariance(symmetric: Callable[..., Tensor], scale: float) -> None:
    matrix = symmetric([-8.0, 3.0, 1.0], dtype=torch.float32)
    plain = power_iteration(matrix, generator=generator())
    scaled = power_iteration(matrix * scale, generator=generator())
    assert scaled.values[0] == pytest.approx(plain.values[0] * scale, rel=1e-5)


def test_a_strict_change_converges(symmetric: Callable[..., Tensor]) -> None:
    matrix = symmetric([10.0, 3.0, 1.0])
    pair = power_iteration(matrix, relative_change=1e-9, generator=generator())
    assert pair.converged
    assert pair.num_products < 30
    capped = power_iteration(matrix, max_products=2, generator=generator())
    assert capped.num_products == 2
    assert not capped.converged


def test_no_products_are_refused() -> None:
    with pytest.raises(QbertError, match="max_products=0"):
        power_iteration(torch.eye(2), max_products=0)
