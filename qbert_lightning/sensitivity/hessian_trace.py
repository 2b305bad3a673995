"""HAWQ-V2's sensitivity: the mean eigenvalue of each block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar, Literal, get_args

import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import HessianOperator, block_traces, stratified_trace
from qbert_lightning.sensitivity.base import Measurement
from qbert_lightning.sensitivity.curvature import CurvatureMetric
from qbert_lightning.sensitivity.problem import Problem
from qbert_lightning.sensitivity.sampled import Task

Estimator = Literal["hutchinson", "stratified"]


@dataclass(frozen=True, kw_only=True)
class HessianTrace(CurvatureMetric):
    """Ω(b) = |Tr(H) / n| · ‖Q_b(W) − W‖² (Dong et al. 2020, HAWQ-V2, equation 9).

    The absolute value keeps a block with a negative mean eigenvalue from asking for
    fewer bits.

    Attributes:
        estimator: ``hutchinson``: random signs over all rows and parameters; or
            ``stratified``: more of them where the spread is (`stratified_trace`),
            which reaches the same error with less work.
        joint: Estimate all blocks from the same products. A sample then costs less,
            but the terms between blocks make its variance several times as large, so
            that separate products are cheaper at equal error.
        num_samples: Most products to spend on one subset; ``stratified``: their cost.
        tolerance: Stop a subset early once every block's standard error is this share
            of its trace.

    >>> HessianTrace().summarise([1.0, -3.0])
    1.0
    """

    name: ClassVar[str] = "hessian_trace"
    quantity: ClassVar[str] = "hessian/mean_eigenvalue"

    estimator: Estimator = "hutchinson"
    joint: bool = False
    num_samples: int = 10
    tolerance: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.estimator not in get_args(Estimator):
            raise QbertError(
                f"sensitivity.estimator={self.estimator}: accepted "
                f"{', '.join(get_args(Estimator))}"
            )
        if self.estimator == "stratified" and self.joint:
            raise QbertError(
                "sensitivity.joint=true: accepted false with "
                "sensitivity.estimator=stratified"
            )
        if self.num_samples < 2:
            raise QbertError(
                f"sensitivity.num_samples={self.num_samples}: accepted 2 or more"
            )
        if self.tolerance < 0:
            raise QbertError(
                f"sensitivity.tolerance={self.tolerance}: accepted 0 or more"
            )

    @property
    def one_operator(self) -> bool:
        """As `joint` says."""
        return self.joint

    def measure(self, problem: Problem, task: Task) -> Iterator[Measurement]:
        """See `CurvatureMetric.measure`."""
        if self.estimator == "hutchinson":
            yield from super().measure(problem, task)
            return
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + task.subset)
        for block, subset, _ in task.keys:
            try:
                found = stratified_trace(
                    problem.model,
                    problem.loss_function,
                    self.select(problem.blocks[block]),
                    problem.subsets[subset],
                    tolerance=self.tolerance,
                    most=self.num_samples,
                    cache_mib=self.cache_mib,
                    batch_weight=problem.batch_weight,
                    generator=generator,
                )
            except QbertError as error:
                raise QbertError(f"hessian of {block}: {error}", error.code) from error
            yield Measurement(
                block, subset, found.mean_eigenvalue, found.relative_error
            )

    def curvature(
        self, hessian: HessianOperator, generator: torch.Generator
    ) -> dict[str, tuple[float, float]]:
        """Mean eigenvalue of each block, and its relative standard error."""
        traces = block_traces(
            hessian,
            num_samples=self.num_samples,
            tolerance=self.tolerance,
            generator=generator,
        )
        return {
            name: (estimate.mean_eigenvalue, estimate.relative_error)
            for name, estimate in traces.items()
        }

    def summarise(self, values: Sequence[float]) -> float:
        """|mean| of the mean eigenvalues of all subsets."""
        return abs(fmean(values))
