"""The Lanczos process: a small tridiagonal matrix that stands for a huge one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.basis import OrthonormalBasis, safe_norm
from qbert_lightning.hessian.symmetric_operator import SymmetricOperator


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

    `restart` keeps some Ritz vectors and forgets the rest, so that the basis stays
    small (thick restart, Wu and Simon 2000). The next vector is then coupled to each of
    them: H V = V T + vₘ₊₁ cᵀ with c = β s instead of β eₘ, and |cᵀ y| is the residual.

    Args:
        operator: The symmetric matrix.
        start: First direction [size], of any length; random by default.
        generator: Source of the random directions.
        basis: An empty one to fill, where its size is known.

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
        basis: OrthonormalBasis | None = None,
    ) -> None:
        self.basis = OrthonormalBasis() if basis is None else basis
        self._operator = operator
        self._generator = generator
        first = random_direction(operator, generator) if start is None else start
        length = safe_norm(first)
        if length == 0.0:
            raise QbertError("lanczos: start vector is zero: accepted any other")
        self._next: Tensor | None = first / length
        self._unit = 0.0  # T is kept in units of the first product's largest entry
        self._size = 0.0  # largest entry of T so far
        self._matrix = torch.zeros(0, 0, dtype=torch.float64)  # T
        self._coupling = torch.zeros(0, dtype=torch.float64)  # c
        self.num_products = 0

    @property
    def broke_down(self) -> bool:
        """Whether the basis spans an invariant subspace, so its pairs are exact."""
        return len(self.basis) > 0 and not bool(self._coupling.any())

    @property
    def is_complete(self) -> bool:
        """Whether the basis spans the whole space."""
        return len(self.basis) >= self._operator.shape[0]

    def step(self) -> None:
        """Take one product and grow the basis by one vector."""
        first = len(self.basis) == 0
        if self.broke_down:
            fresh = random_direction(self._operator, self._generator)
            self._next = fresh.div_(self.basis.remove_from(fresh))
        assert self._next is not None  # every step leaves one, or breaks down
        self.basis.append(self._next)
        self._next = None  # the basis has its copy
        current = self.basis[-1]
        product = self._operator @ current
        self.num_products += 1
        if self._unit == 0.0:
            self._unit = float(torch.linalg.vector_norm(product, float("inf")))
        product.div_(self._unit or 1.0)
        diagonal = float(torch.dot(current, product))
        product.sub_(current, alpha=diagonal)
        if not first and self._coupling[-1]:
            product.sub_(self.basis[-2], alpha=float(self._coupling[-1]))
        beta = self.basis.remove_from(product)
        self._size = max(self._size, abs(diagonal), beta)
        rounding = 10 * torch.finfo(product.dtype).eps * self._size
        self._border(diagonal)
        if not (self.is_complete or beta <= rounding):
            self._coupling[-1] = beta
            self._next = product.div_(beta)

    def restart(self, ritz: RitzPairs, kept: Sequence[int]) -> None:
        """Go on with a basis of the ``kept`` Ritz vectors alone.

        Args:
            ritz: What `ritz` returned after the last step.
            kept: Which of its pairs.
        """
        coefficients = ritz.coefficients[:, kept]
        self.basis.become(coefficients)
        self._matrix = torch.diag(ritz.values[kept] / (self._unit or 1.0))
        self._coupling = self._coupling @ coefficients

    def ritz(self) -> RitzPairs:
        """The eigenpairs of T, with their residuals for the operator."""
        values, coefficients = torch.linalg.eigh(self._matrix)
        residuals = (self._coupling @ coefficients).abs()
        unit = self._unit or 1.0
        return RitzPairs(values * unit, coefficients, residuals * unit)

    def _border(self, diagonal: float) -> None:
        """Let T grow by the newest vector's couplings and diagonal entry."""
        length = len(self.basis)
        matrix = torch.zeros(length, length, dtype=torch.float64)
        matrix[:-1, :-1] = self._matrix
        matrix[-1, :-1] = matrix[:-1, -1] = self._coupling
        matrix[-1, -1] = diagonal
        self._matrix = matrix
        self._coupling = torch.zeros(length, dtype=torch.float64)
