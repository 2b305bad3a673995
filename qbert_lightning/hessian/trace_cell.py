"""Samples of a part of a trace: some rows' loss, some of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite, sqrt
from statistics import fmean

import torch
from torch import Tensor, nn

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.hessian.cuts import Cuts
from qbert_lightning.hessian.gradient_graph import GradientGraph
from qbert_lightning.hessian.strata import Stratum

# Samples for which ‖H z‖² is taken too: it hardly varies where no eigenvalue stands
# out, and without it a sample is cheaper.
_SQUARES = 2


class StratumGraph(GradientGraph):
    """The gradient of a stratum's loss, ready for products with diagonal blocks.

    Args:
        model: The network, whose linear layers the graph is cut behind.
        loss_function: See `GradientGraph`.
        parameters: See `GradientGraph`.

    Attributes:
        is_kept: For others than who asked for it.
    """

    is_kept = False

    def __init__(
        self,
        model: nn.Module,
        loss_function: Callable[[], Tensor],
        parameters: Sequence[nn.Parameter],
    ) -> None:
        self._cuts = Cuts()
        with self._cuts.behind_linear_layers(model):
            super().__init__(loss_function, parameters, model.parameters())

    def product_sample(
        self, chosen: slice, signs: Sequence[Tensor], *, keep: bool = True
    ) -> tuple[float, float]:
        """zᵀ H z and ‖H z‖² for the diagonal block of the ``chosen`` parameters.

        Args:
            chosen: Which of the parameters.
            signs: z, cut and shaped like them.
            keep: Whether the graph is needed again; otherwise it is freed on the way.
        """
        parts = self._block(chosen).parts(signs, keep=keep)
        return _inner(signs, parts), _inner(parts, parts)

    def sample(
        self, chosen: slice, signs: Sequence[Tensor], *, keep: bool = True
    ) -> float:
        """zᵀ H z alone, for about two thirds of the work (see `Cuts`)."""
        with self._cuts.closed():
            parts = self._block(chosen).parts(signs, keep=keep)
        return _inner(signs, parts) + self._cuts.curvature

    def _block(self, chosen: slice) -> GradientGraph:
        block = GradientGraph.__new__(GradientGraph)
        block._gradients = self._gradients[chosen]
        block._parameters = self._parameters[chosen]
        return block


@dataclass
class TraceCell:
    """The diagonal block of some parameters in the Hessian of some rows.

    Attributes:
        stratum: The rows.
        parameters: All parameters of the Hessian ...
        chosen: ... and which of them are meant.
        samples: zᵀ H z of each vector of random signs.
        squares: ‖H z‖² of the first ones.
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

    @property
    def price(self) -> float:
        """√(variance × cost), which optimum allocation adds up."""
        return sqrt(self.variance * self.stratum.cost)

    def wanted(self, scale: float) -> float:
        """Samples to take in all: ``scale`` √(variance / cost)."""
        return scale * self.price / self.stratum.cost

    def draw(
        self,
        count: int,
        graph_of: Callable[[Stratum], StratumGraph],
        generator: torch.Generator | None,
    ) -> None:
        """Take ``count`` products more; raises `QbertError`."""
        if count <= 0:
            return
        graph = graph_of(self.stratum)
        for left in reversed(range(count)):
            signs = [_signs_like(each, generator) for each in self._own]
            keep = graph.is_kept or left > 0
            if len(self.squares) < _SQUARES:
                sample, square = graph.product_sample(self.chosen, signs, keep=keep)
                self.squares.append(square)
            else:
                sample = graph.sample(self.chosen, signs, keep=keep)
            self.samples.append(sample)
            if not (isfinite(sample) and isfinite(self.squares[-1])):
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
    def _own(self) -> Sequence[nn.Parameter]:
        return self.parameters[self.chosen]


def _inner(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    return sum(
        float(torch.dot(one.flatten(), other.flatten()))
        for one, other in zip(first, second, strict=True)
    )


def _signs_like(parameter: Tensor, generator: torch.Generator | None) -> Tensor:
    """Random signs, the same on every device."""
    bits = torch.randint(0, 2, parameter.shape, generator=generator, dtype=torch.int8)
    return bits.to(parameter.device, parameter.dtype).mul_(2).sub_(1)
