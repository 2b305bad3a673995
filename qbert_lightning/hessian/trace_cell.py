"""Samples of a part of a trace: some rows' loss, some of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from statistics import fmean

import torch
from torch import Tensor, nn

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.hessian.batch import Batch
from qbert_lightning.hessian.gradient_graph import GradientGraph, inner_product
from qbert_lightning.hessian.strata import Stratum

# Without ‖H z‖² a sample is cheaper, so it is taken of the first samples and then of
# some: it hardly varies, but where an eigenvalue stands out as much as zᵀ H z itself.
_FIRST_SQUARES = 4
_EVERY = 8


@dataclass
class TraceCell:
    """The diagonal block of some parameters in the Hessian of some rows.

    Attributes:
        stratum: The rows.
        parameters: All parameters of the Hessian ...
        chosen: ... and which of them are meant.
        samples: zᵀ H z of each vector of random signs.
        squares: ‖H z‖² of some of them.
    """

    stratum: Stratum
    parameters: Sequence[nn.Parameter]
    chosen: slice
    samples: list[float] = field(default_factory=list)
    squares: list[float] = field(default_factory=list)

    @property
    def mean(self) -> float:
        """The part in the trace."""
        return self.stratum.share * fmean(self.samples)

    @property
    def variance(self) -> float:
        """Of one sample, at most: 2 (‖H‖² − Σ Hᵢᵢ²) ≤ 2 ‖H‖² = 2 E ‖H z‖²."""
        return 2 * self.stratum.share**2 * fmean(self.squares)

    def draw(
        self,
        count: int,
        graph_of: Callable[[Batch], tuple[GradientGraph, bool]],
        generator: torch.Generator | None,
    ) -> None:
        """Take ``count`` samples more.

        Args:
            count: How many; none if it is negative.
            graph_of: The graph of a batch, and whether it is wanted afterwards.
            generator: Source of the random signs.

        Raises:
            QbertError: For a sample that is not finite (code 1), and like a graph.
        """
        if count <= 0:
            return
        graph, is_kept = graph_of(self.stratum.batch)
        block = graph.block(self.chosen)
        for left in reversed(range(count)):
            signs = [_signs_like(each, generator) for each in self._own]
            keep = is_kept or left > 0
            if self._wants_square:
                product = block.parts(signs, keep=keep)
                self.squares.append(inner_product(product, product))
                self.samples.append(inner_product(signs, product))
            else:
                self.samples.append(block.curvature(signs, keep=keep))
            if not (isfinite(self.samples[-1]) and isfinite(self.squares[-1])):
                raise QbertError(
                    "a product is not finite: accepted finite weights, data and loss",
                    FAILED,
                )

    def by_matrix(self) -> list[TraceCell]:
        """A cell for each matrix, with the vectors that follow it such as its bias."""
        start, end, _ = self.chosen.indices(len(self.parameters))
        matrices = [i for i in range(start, end) if self.parameters[i].ndim > 1]
        bounds = [start, *matrices[1:], end]
        return [
            TraceCell(self.stratum, self.parameters, slice(*bound))
            for bound in pairwise(bounds)
        ]

    @property
    def _wants_square(self) -> bool:
        """Whether the next sample shall tell ‖H z‖² too."""
        number = len(self.samples)
        return number < _FIRST_SQUARES or number % _EVERY == 0

    @property
    def _own(self) -> Sequence[nn.Parameter]:
        return self.parameters[self.chosen]


def _signs_like(parameter: Tensor, generator: torch.Generator | None) -> Tensor:
    """Random signs, the same on every device."""
    bits = torch.randint(0, 2, parameter.shape, generator=generator, dtype=torch.int8)
    return bits.to(parameter.device, parameter.dtype).mul_(2).sub_(1)
