from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import HessianOperator, spectral_density

if TYPE_CHECKING:
    from tests.hessian.conftest import Problem


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_mass_follows_the_spectrum(symmetric: Callable[..., Tensor]) -> None:
    spectrum = [*torch.linspace(-1, 0, 60), *torch.linspace(2, 3, 30), *[9.0] * 10]
    density = spectral_density(
        symmetric([float(value) for value in spectrum]),
        num_vectors=40,
        num_steps=30,
        generator=generator(),
    )
    assert sum(density.weights) == pytest.approx(1.0)
    assert density.below(-2.0) == pytest.approx(0.0, abs=1e-9)
    assert density.below(1.0) == pytest.approx(0.6, abs=0.04)
    assert density.below(5.0) == pytest.approx(0.9, abs=0.04)
    assert density.below(10.0) == pytest.approx(1.0)


def test_moments_equal_the_network_hessians(problem: Problem) -> None:
    matrix = problem.explicit(["2"])
    with HessianOperator(
        problem.model, problem.loss, {"2": problem.blocks["2"]}, problem.batches
    ) as hessian:
        density = spectral_density(
            hessian, num_vectors=60, num_steps=20, generator=generator()
        )
    values = torch.linalg.eigvalsh(matrix)
    assert density.nodes[0] == pytest.approx(float(values[0]), rel=1e-6)
    assert density.nodes[-1] == pytest.approx(float(values[-1]), rel=1e-6)
    mean = sum(
        node * weight
        for node, weight in zip(density.nodes, density.weights, strict=True)
    )
    spread = float(values.std())
    assert mean == pytest.approx(float(values.mean()), abs=0.2 * spread)


def test_curve_has_area_one(symmetric: Callable[..., Tensor]) -> None:
    density = spectral_density(symmetric([1.0, 2.0, 3.0]), generator=generator())
    grid, heights = density.curve(num_points=2000)
    assert float(torch.trapezoid(heights, grid)) == pytest.approx(1.0, abs=1e-3)
    assert float(grid[heights.argmax()]) == pytest.approx(2.0, abs=1.1)


def test_a_single_value_makes_one_peak() -> None:
    density = spectral_density(torch.zeros(4, 4), generator=generator())
    assert set(density.nodes) == {0.0}
    grid, heights = density.curve()
    assert bool(torch.isfinite(heights).all())
    assert float(torch.trapezoid(heights, grid)) == pytest.approx(1.0, abs=1e-2)


def test_no_steps_are_refused() -> None:
    with pytest.raises(QbertError, match="num_steps=0"):
        spectral_density(torch.eye(2), num_steps=0)
