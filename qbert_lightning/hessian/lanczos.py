"""The Lanczos process: a small tridiagonal matrix that stands for a huge one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.basis import OrthonormalBasis, safe_norm
from qbert_lightning.hessian.operator import SymmetricOperator


def random_direction(
    operator: SymmetricOperator, generator: torch.Generator | None = None
) -> Tensor:
    """A random unit vector [size], the same on every device.

    >>> round(float(random_direction(torch.eye(7)).norm()), 3)
    1.0
    """
    vector = torch.randn(operator.shape[0], generator=generator, dtype=operator.dtype)
    return vector.div_(safe_norm(vector)).to(operator.device)


@dataclass(frozen=True)
class RitzPairs:
    """The operator's approximate eigenpairs within the basis.

    Attributes:
        values: θ, ascending, [steps], float64.
        coefficients: One column a pair, in the basis, [steps, steps], float64.
        residuals: ‖H y − θ y‖ of each pair, [steps], float64.
    """

    values: Tensor
    coefficients: Tensor
    residuals: Tensor


class Lanczos:
    """Lanczos with full reorthogonalisation, one product a step.

    Builds orthonormal V = [v₁ … vₘ] with H V = V T + β vₘ₊₁ eₘᵀ and T tridiagonal
    (Lanczos 1950; Golub and Van Loan 2013, section 10.3). Every new vector is projected
    against all earlier ones, so that no ghost copies of eigenvalues appear and |β sₘ|,
    from the last entry of an eigenvector of T, is the residual of the pair for H. No
    constant is added anywhere: results scale with the operator.

    When the basis spans an invariant subspace (`broke_down`), a further step goes on in
    a fresh random direction; that finds repeated eigenvalues.

    Args:
        operator: The symmetric matrix.
        start: First direction [size], of any length; random by default.
        generator: Source of the random directions.

    Raises:
        QbertError: When ``start`` is zero.

    >>> process = Lanczos(torch.diag(torch.tensor([1.0, 2.0, 5.0])))
    >>> for _ in range(3):
    ...     process.step()
    >>> [round(value, 3) for value in process.ritz().values.tolist()]
    [1.0, 2.0, 5.0]
    """

    def __init__(
        self,
        operator: SymmetricOperator,
        *,
        start: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.basis = OrthonormalBasis()
        self._operator = operator
        self._generator = generator
        first = random_direction(operator, generator) if start is None else start
        length = safe_norm(first)
        if length == 0.0:
            raise QbertError("lanczos: start vector is zero: accepted any other")
        self._next: Tensor | None = first / length
        self._beta = 0.0
        self._unit = 0.0  # T is kept in units of the first product's largest entry
        self._size = 0.0  # largest entry of T so far
        self._diagonal: list[float] = []
        self._off_diagonal: list[float] = []

    @property
    def num_steps(self) -> int:
        """Products taken so far, and the size of T."""
        return len(self.basis)

    @property
    def broke_down(self) -> bool:
        """Whether the basis spans an invariant subspace, so its pairs are exact."""
        return self.num_steps > 0 and self._beta == 0.0

    @property
    def is_complete(self) -> bool:
        """Whether the basis spans the whole space."""
        return self.num_steps >= self._operator.shape[0]

    def step(self) -> None:
        """Take one product and grow the basis by one vector."""
        if self.broke_down:
            fresh = random_direction(self._operator, self._generator)
            self._next = fresh.div_(self.basis.remove_from(fresh))
        if self.num_steps:
            self._off_diagonal.append(self._beta)
        assert self._next is not None  # every step leaves one, or breaks down
        self.basis.append(self._next)
        self._next = None  # the basis has its copy
        current = self.basis[-1]
        product = self._operator @ current
        if self._unit == 0.0:
            self._unit = float(torch.linalg.vector_norm(product, float("inf")))
        product = product / (self._unit or 1.0)
        self._diagonal.append(float(torch.dot(current, product)))
        product.sub_(current, alpha=self._diagonal[-1])
        if self._beta:
            product.sub_(self.basis[-2], alpha=self._beta)
        beta = self.basis.remove_from(product)
        self._size = max(self._size, abs(self._diagonal[-1]), beta)
        rounding = 10 * torch.finfo(product.dtype).eps * self._size
        self._beta = 0.0 if self.is_complete or beta <= rounding else beta
        if self._beta:
            self._next = product.div_(beta)

    def ritz(self) -> RitzPairs:
        """The eigenpairs of T, with their residuals for the operator."""
        matrix = torch.diag(torch.tensor(self._diagonal, dtype=torch.float64))
        side = torch.tensor(self._off_diagonal, dtype=torch.float64)
        matrix += torch.diag(side, 1) + torch.diag(side, -1)
        values, coefficients = torch.linalg.eigh(matrix)
        residuals = self._beta * coefficients[-1].abs()
        unit = self._unit or 1.0
        return RitzPairs(values * unit, coefficients, residuals * unit)
