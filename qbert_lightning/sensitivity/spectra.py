"""Everything there is to see of each block's Hessian, for pictures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any, Self

import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import (
    Batch,
    Eigenpairs,
    HessianOperator,
    hutchinson_trace,
    loss_landscape,
    spectral_density,
    top_eigenpairs,
)
from qbert_lightning.sensitivity.base import SampleBatches
from qbert_lightning.sensitivity.problem import Problem
from qbert_lightning.sensitivity.sharing import share


@dataclass(frozen=True)
class Landscape:
    """The loss along the two top eigenvectors of a block.

    Attributes:
        axis: Distances from the weights, the same in both directions.
        loss: Mean loss, first eigenvector down and second across; may be infinite.
        eigenvalues: Curvature along the two.
    """

    axis: tuple[float, ...]
    loss: tuple[tuple[float, ...], ...]
    eigenvalues: tuple[float, ...]


@dataclass(frozen=True)
class BlockSpectrum:
    """The Hessian of the loss with respect to one block.

    Attributes:
        num_parameters: Rows of the matrix.
        eigenvalues: The largest by magnitude, with their signs.
        residuals: ‖H v − λ v‖ / |λ| of each.
        converged: Whether all residuals are within the tolerance.
        trace: Hutchinson's estimate.
        trace_error: Its standard error.
        density: Nodes and weights of the spectral density.
        landscape: The loss around the weights, if asked for.
    """

    num_parameters: int
    eigenvalues: tuple[float, ...]
    residuals: tuple[float, ...]
    converged: bool
    trace: float
    trace_error: float
    density: Mapping[str, tuple[float, ...]]
    landscape: Landscape | None = None

    def to_dict(self) -> dict[str, Any]:
        """The spectrum in JSON's own types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The spectrum that `to_dict` wrote."""
        landscape = data["landscape"] and Landscape(**data["landscape"])
        return cls(**{**data, "landscape": landscape})


@dataclass(frozen=True, kw_only=True)
class Spectra:
    """How to look at the Hessian of every block.

    Top eigenvalues, trace, spectral density and the loss landscape, all on one random
    subset of the training data. Only the sensitivities decide about bits; this is for
    the eye.

    Attributes:
        max_examples: Examples of the subset.
        batch_size: Examples in a batch; the result does not depend on it.
        top_k: Number of eigenvalues.
        tolerance: Relative residual to reach for them.
        max_products: Hessian products to spend on them, for each block.
        trace_samples: Random vectors for the trace.
        density_vectors: Random starts for the spectral density ...
        density_steps: ... and products for each of them.
        landscape_points: Points of the loss landscape along each axis; 0 for none.
        landscape_radius: How far it goes, in the Euclidean norm of the weights.
        cache_mib: Memory for kept gradient graphs in MiB, on each device.
        seed: Seed of the subset and of the random vectors.

    Raises:
        QbertError: For a value outside its range.
    """

    max_examples: int = 64
    batch_size: int = 16
    top_k: int = 20
    tolerance: float = 1e-2
    max_products: int = 120
    trace_samples: int = 20
    density_vectors: int = 2
    density_steps: int = 40
    landscape_points: int = 15
    landscape_radius: float = 1.0
    cache_mib: float = 2048.0
    seed: int = 0

    def __post_init__(self) -> None:
        least = {
            **dict.fromkeys(("max_examples", "batch_size", "top_k", "max_products"), 1),
            **dict.fromkeys(("density_vectors", "density_steps"), 1),
            **{"trace_samples": 2, "landscape_points": 0},
        }
        for key, low in least.items():
            if getattr(self, key) < low:
                raise QbertError(
                    f"spectra.{key}={getattr(self, key)}: accepted {low} or more"
                )
        for key in ("tolerance", "landscape_radius"):
            if getattr(self, key) <= 0:
                raise QbertError(
                    f"spectra.{key}={getattr(self, key)}: accepted above 0"
                )
        if self.top_k > self.max_products:
            raise QbertError(
                f"spectra.top_k={self.top_k}: accepted up to "
                f"spectra.max_products={self.max_products}"
            )

    def draw(self, sample: SampleBatches) -> Sequence[Batch]:
        """The subset to look at."""
        return sample(1.0, self.seed, self.max_examples, self.batch_size)

    def measure(
        self,
        problem: Problem,
        *,
        devices: Sequence[torch.device] = (),
        finished: Collection[str] = (),
        found: Callable[[str, BlockSpectrum], None],
    ) -> None:
        """Look at every block.

        Args:
            problem: Model, loss, blocks, and one data subset.
            devices: See `SensitivityMetric.score`.
            finished: Blocks to leave out.
            found: Told each block's spectrum, never by two threads at a time.

        Raises:
            QbertError: When a block has fewer parameters than ``top_k``, or a loss or
                product is not finite, naming the block.
        """
        lock = Lock()
        for name, block in problem.blocks.items():
            size = sum(parameter.numel() for parameter in block.parameters())
            if size < self.top_k:
                raise QbertError(
                    f"spectra.top_k={self.top_k}: {name} has {size} parameters: "
                    f"accepted 1..{size}"
                )

        def work(own: Problem, name: str) -> None:
            spectrum = self._look(own, name)
            with lock:
                found(name, spectrum)

        left = [name for name in problem.blocks if name not in finished]
        share(left, problem, devices, work)

    def _look(self, problem: Problem, name: str) -> BlockSpectrum:
        generator = torch.Generator().manual_seed(self.seed)
        [batches] = problem.subsets
        hessian = HessianOperator(
            problem.model,
            problem.loss_function,
            {name: list(problem.blocks[name].parameters())},
            batches,
            cache_mib=self.cache_mib,
            batch_weight=problem.batch_weight,
        )
        with hessian:
            pairs = top_eigenpairs(
                hessian,
                self.top_k,
                tolerance=self.tolerance,
                max_products=min(self.max_products, hessian.size),
                generator=generator,
            )
            trace = hutchinson_trace(
                hessian, num_samples=self.trace_samples, generator=generator
            )
            density = spectral_density(
                hessian,
                num_vectors=self.density_vectors,
                num_steps=self.density_steps,
                generator=generator,
            )
            landscape = self._landscape(hessian, pairs)
        return BlockSpectrum(
            num_parameters=hessian.size,
            eigenvalues=pairs.values,
            residuals=pairs.residuals,
            converged=pairs.converged,
            trace=trace.trace,
            trace_error=trace.standard_error,
            density={"nodes": density.nodes, "weights": density.weights},
            landscape=landscape,
        )

    def _landscape(
        self, hessian: HessianOperator, pairs: Eigenpairs
    ) -> Landscape | None:
        if self.landscape_points == 0 or len(pairs.values) < 2:
            return None
        reach = self.landscape_radius
        axis = torch.linspace(-reach, reach, self.landscape_points).tolist()
        loss = loss_landscape(hessian, pairs.vectors[:2], axis)
        rows = tuple(tuple(row) for row in loss.tolist())
        return Landscape(tuple(axis), rows, pairs.values[:2])
