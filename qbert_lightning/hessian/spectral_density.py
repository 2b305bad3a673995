"""How a spectrum is distributed, by stochastic Lanczos quadrature."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.lanczos import Lanczos
from qbert_lightning.hessian.symmetric_operator import SymmetricOperator


@dataclass(frozen=True)
class SpectralDensity:
    """A spectrum as weighted points; the weights add up to one.

    Attributes:
        nodes: Where, ascending.
        weights: The share of the eigenvalues near each node.
    """

    nodes: tuple[float, ...]
    weights: tuple[float, ...]

    def below(self, threshold: float) -> float:
        """Share of the eigenvalues that are at most ``threshold``."""
        return sum(
            weight
            for node, weight in zip(self.nodes, self.weights, strict=True)
            if node <= threshold
        )

    def curve(
        self, num_points: int = 200, relative_width: float = 0.01
    ) -> tuple[Tensor, Tensor]:
        """The density as a smooth curve, for a picture.

        Args:
            num_points: Points of the grid, evenly spaced over the spectrum.
            relative_width: Standard deviation of the Gaussian put on each node, as a
                share of the spectrum's width.

        Returns:
            Grid [num_points] and density there [num_points], float64, area about 1.
        """
        nodes = torch.tensor(self.nodes, dtype=torch.float64)
        weights = torch.tensor(self.weights, dtype=torch.float64)
        reach = float(nodes.max() - nodes.min()) or float(nodes.abs().max()) or 1.0
        width = relative_width * reach
        start, end = float(nodes.min()) - 4 * width, float(nodes.max()) + 4 * width
        grid = torch.linspace(start, end, num_points, dtype=torch.float64)
        bells = torch.exp(-((grid[:, None] - nodes) / width).square() / 2)
        return grid, bells @ weights / (width * sqrt(2 * pi))


def spectral_density(
    operator: SymmetricOperator,
    *,
    num_vectors: int = 4,
    num_steps: int = 40,
    generator: torch.Generator | None = None,
) -> SpectralDensity:
    """The density of eigenvalues, by stochastic Lanczos quadrature.

    Each random start v gives a Gauss rule for the measure Σ (vᵀ qᵢ)² δ(λᵢ): nodes are
    the eigenvalues of T and weights the squared first entries of its eigenvectors
    (Golub and Welsch 1969). Their average over starts estimates the density (Ghorbani,
    Krishnan and Xiao 2019, algorithm 2).

    Args:
        operator: The symmetric matrix [size, size].
        num_vectors: Random starts to average over.
        num_steps: Products for each start.
        generator: Source of random starts.

    Raises:
        QbertError: When a number is not positive.

    >>> density = spectral_density(torch.eye(5), num_vectors=1)
    >>> round(density.nodes[0], 4), round(density.weights[0], 4)
    (1.0, 1.0)
    """
    if num_vectors < 1 or num_steps < 1:
        raise QbertError(
            f"hessian: num_vectors={num_vectors}, num_steps={num_steps}: "
            "accepted 1 or more"
        )
    points: list[tuple[float, float]] = []
    for _ in range(num_vectors):
        process = Lanczos(operator, generator=generator)
        while process.num_products < num_steps and not process.broke_down:
            process.step()
        ritz = process.ritz()
        shares = ritz.coefficients[0].square() / num_vectors
        points += zip(ritz.values.tolist(), shares.tolist(), strict=True)
    nodes, weights = zip(*sorted(points), strict=True)
    return SpectralDensity(nodes, weights)
