"""Who takes part in the Hessian benchmark, each used as well as it can be."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from qbert_lightning.benchmarks.hessian_problem import HessianProblem
from qbert_lightning.hessian import (
    leaning_direction,
    stratified_trace,
    top_eigenpairs,
)
from qbert_lightning.hessian.evaluation import differentiating_only
from qbert_lightning.models import needed_tokens_only

_TRACE_CACHE_MIB = 32.0  # the graphs of the rows that are looked at most often


@dataclass(frozen=True)
class Demand:
    """What a contestant is asked for.

    Attributes:
        layer: Name of the encoder layer.
        k: Eigenvalues of largest magnitude; 0 asks for the trace.
        tolerance: Relative residual to reach.
        max_iterations: Most iterations for each eigenvalue.
        max_products: Hessian products in all.
        num_samples: Random vectors for the trace ...
        seed: Of the random directions.
        standard_error: ... or what they must reach, for who can be told.
    """

    layer: str
    k: int
    tolerance: float
    max_iterations: int
    max_products: int
    num_samples: int
    seed: int
    standard_error: float = 0.0


@dataclass(frozen=True)
class Found:
    """Eigenvalues with their eigenvectors, each flat [size]."""

    values: Sequence[float]
    vectors: Sequence[Tensor]
    num_products: int | None = None


@dataclass(frozen=True)
class FoundTrace:
    """An estimated trace."""

    trace: float
    standard_error: float
    num_products: int

    @classmethod
    def of(cls, samples: Sequence[float]) -> FoundTrace:
        """The mean of zᵀ H z over random signs z."""
        number = len(samples)
        return cls(fmean(samples), stdev(samples) / sqrt(number), number)


class Contestant(ABC):
    """One library; `package` is the module to import and `project` what to install."""

    package: ClassVar[str]
    project: ClassVar[str]

    @abstractmethod
    def eigenpairs(self, problem: HessianProblem, demand: Demand) -> Found:
        """The ``k`` eigenvalues of largest magnitude."""

    @abstractmethod
    def trace(self, problem: HessianProblem, demand: Demand) -> FoundTrace:
        """The trace, from ``num_samples`` vectors or to its standard error."""


class Ours(Contestant):
    """`qbert_lightning.hessian`: Lanczos until the residuals say so."""

    package = "qbert_lightning"
    project = "qbert-lightning"

    def eigenpairs(self, problem: HessianProblem, demand: Demand) -> Found:
        """As in the analysis, from a start that leans towards the gradient."""
        generator = torch.Generator().manual_seed(demand.seed)
        with problem.analysed(demand.layer) as hessian:
            pairs = top_eigenpairs(
                hessian,
                demand.k,
                tolerance=demand.tolerance,
                max_products=demand.max_products,
                start=leaning_direction(hessian, generator),
                generator=generator,
            )
        return Found(pairs.values, list(pairs.vectors), pairs.num_products)

    def trace(self, problem: HessianProblem, demand: Demand) -> FoundTrace:
        """As many products as the standard error asks for, where the spread is."""
        with needed_tokens_only(problem.model):
            found = stratified_trace(
                problem.model,
                problem.loss,
                problem.parameters(demand.layer),
                problem.batches,
                standard_error=demand.standard_error,
                most=demand.num_samples,
                cache_mib=_TRACE_CACHE_MIB,
                generator=torch.Generator().manual_seed(demand.seed),
            )
        return FoundTrace(found.trace, found.standard_error, found.num_products)


class PyHessian(Contestant):
    """PyHessian: deflated power iteration until a value's change is small.

    It knows no residual. Where ρ is the ratio of the next eigenvalue to the one sought,
    a step of power iteration changes the value by 1 + ρ times the residual squared; so
    a change below tolerance² means a residual within the tolerance, unless the two have
    opposite signs. Of several eigenvalues a hundredth of that is asked for: some have a
    next one of the opposite sign, and deflation adds the errors of earlier vectors to
    later ones. It goes on until then or to its last iteration, and what it has found is
    checked like everybody's. One batch lets it keep the gradient graph; several do not.
    """

    package = "pyhessian"
    project = "pyhessian"

    def eigenpairs(self, problem: HessianProblem, demand: Demand) -> Found:
        """``eigenvalues(maxIter, tol, top_n)``."""
        with differentiating_only(problem.model, problem.parameters(demand.layer)):
            values, vectors = self._analysis(problem, demand).eigenvalues(
                demand.max_iterations, _smallest_change(demand), demand.k
            )
        flat = [torch.cat([x.detach().flatten() for x in vector]) for vector in vectors]
        return Found([float(value) for value in values], flat)

    def trace(self, problem: HessianProblem, demand: Demand) -> FoundTrace:
        """``trace(maxIter)`` that never stops early."""
        with differentiating_only(problem.model, problem.parameters(demand.layer)):
            samples = self._analysis(problem, demand).trace(
                demand.num_samples, float("-inf")
            )
        return FoundTrace.of([float(sample) for sample in samples])

    @staticmethod
    def _analysis(problem: HessianProblem, demand: Demand) -> Any:
        from pyhessian import hessian

        torch.manual_seed(demand.seed)
        problem.model.zero_grad()
        data = []
        for index, batch in enumerate(problem.batches):
            rows = torch.full((len(next(iter(batch.values()))),), index)
            data.append((rows, torch.zeros_like(rows)))
        given = {"data": data[0]} if len(data) == 1 else {"dataloader": data}
        criterion = lambda loss, targets: loss  # noqa: E731
        return hessian(_LossOfBatch(problem), criterion, cuda=False, **given)


def _smallest_change(demand: Demand) -> float:
    """Relative to the value; one within rounding says nothing."""
    change = demand.tolerance**2 * (1.0 if demand.k == 1 else 0.01)
    return max(change, torch.finfo(torch.float32).eps)


class _LossOfBatch(nn.Module):
    """The loss as a network whose input is the batch's number, once for each row."""

    def __init__(self, problem: HessianProblem) -> None:
        super().__init__()
        self.model = problem.model
        self._problem = problem

    def forward(self, rows: Tensor) -> Tensor:
        return self._problem.loss(self._problem.batches[int(rows[0])])


class Eigenthings(Contestant):
    """pytorch-hessian-eigenthings: Lanczos for a number of products given before.

    It is told a number that suffices, from that of ours, which its users do not know.
    """

    package = "hessian_eigenthings"
    project = "hessian-eigenthings"

    def eigenpairs(self, problem: HessianProblem, demand: Demand) -> Found:
        """``lanczos(operator, k, max_iter)`` with full reorthogonalisation."""
        from hessian_eigenthings import lanczos

        with differentiating_only(problem.model, problem.parameters(demand.layer)):
            result = lanczos(
                self._operator(problem),
                k=demand.k,
                max_iter=demand.max_products,
                tol=demand.tolerance,
                reorthogonalize=True,
                seed=demand.seed,
            )
        values = result.eigenvalues.tolist()
        return Found(values, list(result.eigenvectors), result.iterations)

    def trace(self, problem: HessianProblem, demand: Demand) -> FoundTrace:
        """``hutchinson(operator, num_samples)``."""
        from hessian_eigenthings import hutchinson

        with differentiating_only(problem.model, problem.parameters(demand.layer)):
            result = hutchinson(
                self._operator(problem),
                num_samples=demand.num_samples,
                seed=demand.seed,
            )
        return FoundTrace.of([float(sample) for sample in result.samples])

    @staticmethod
    def _operator(problem: HessianProblem) -> Any:
        from hessian_eigenthings import HessianOperator

        return HessianOperator(
            problem.model, problem.batches, lambda _, batch: problem.loss(batch)
        )


CONTESTANTS: Mapping[str, Contestant] = {
    "ours": Ours(),
    "PyHessian": PyHessian(),
    "eigenthings": Eigenthings(),
}
