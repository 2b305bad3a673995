"""Q-BERT's sensitivity: the top Hessian eigenvalue, and how much it varies."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import ClassVar, Literal

import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import (
    HessianOperator,
    Order,
    leaning_direction,
    power_iteration,
    random_direction,
    top_eigenpairs,
)
from qbert_lightning.sensitivity.curvature import CurvatureMetric

_log = logging.getLogger(__name__)

Solver = Literal["lanczos", "power"]


@dataclass(frozen=True, kw_only=True)
class HessianEigenvalue(CurvatureMetric):
    """Ω = |mean λ| + std λ over data subsets (Shen et al. 2020, equation 2).

    λ is the eigenvalue of largest magnitude of the block's diagonal block of the
    Hessian, with its sign; the mean is over 10 subsets of 10 % of the training data
    (section 3.1). std is the population's, of the subsets themselves.

    Attributes:
        solver: ``lanczos``, or the paper's ``power`` iteration, which stops when the
            value changes by less than 1 %.
        order: Whether the eigenvalue is the largest by ``magnitude``, or the
            ``algebraic`` one, the largest with its sign (with Lanczos).
        tolerance: Relative residual to reach, and above which a value is reported as
            not converged. The value's own error is about its square.
        max_products: Hessian products to spend on one block and subset.

    >>> HessianEigenvalue().summarise([1.0, -3.0])
    3.0
    """

    name: ClassVar[str] = "hessian_eigenvalue"
    quantity: ClassVar[str] = "hessian/top_eigenvalue"

    solver: Solver = "lanczos"
    order: Order = "magnitude"
    tolerance: float = 1e-2
    max_products: int = 50

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.solver not in ("lanczos", "power"):
            raise QbertError(
                f"sensitivity.solver={self.solver}: accepted lanczos, power"
            )
        if self.order not in ("magnitude", "algebraic"):
            raise QbertError(
                f"sensitivity.order={self.order}: accepted magnitude, algebraic"
            )
        if (self.solver, self.order) == ("power", "algebraic"):
            raise QbertError(
                "sensitivity.order=algebraic: power iteration finds the largest "
                "magnitude: accepted with sensitivity.solver=lanczos"
            )
        if self.tolerance <= 0:
            raise QbertError(
                f"sensitivity.tolerance={self.tolerance}: accepted above 0"
            )
        if self.max_products < 1:
            raise QbertError(
                f"sensitivity.max_products={self.max_products}: accepted 1 or more"
            )

    def curvature(
        self, hessian: HessianOperator, generator: torch.Generator
    ) -> dict[str, tuple[float, float]]:
        """The block's top eigenvalue and its relative residual."""
        if self.solver == "lanczos":
            pair = top_eigenpairs(
                hessian,
                tolerance=self.tolerance,
                max_products=self.max_products,
                which=self.order,
                start=leaning_direction(hessian, generator),
                generator=generator,
            )
        else:
            pair = power_iteration(
                hessian,
                tolerance=self.tolerance,
                max_products=self.max_products,
                start=random_direction(hessian, generator),
            )
        [name] = hessian.slices
        if not pair.converged:
            _log.warning(
                "%s: top eigenvalue %.4g has a relative residual of %.1e after %d "
                "products (asked for %.1e): raise sensitivity.max_products",
                name,
                pair.values[0],
                pair.residuals[0],
                pair.num_products,
                self.tolerance,
            )
        return {name: (pair.values[0], pair.residuals[0])}

    def summarise(self, values: Sequence[float]) -> float:
        """Ω of the eigenvalues of all subsets."""
        return abs(fmean(values)) + pstdev(values)
