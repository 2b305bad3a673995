"""The paper's own way to the top eigenvalue, with its residual shown."""

from __future__ import annotations

import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.basis import safe_norm
from qbert_lightning.hessian.eigenpairs import Eigenpairs
from qbert_lightning.hessian.lanczos import random_direction
from qbert_lightning.hessian.symmetric_operator import SymmetricOperator


def power_iteration(
    operator: SymmetricOperator,
    *,
    relative_change: float = 1e-2,
    tolerance: float = 1e-3,
    max_products: int = 100,
    start: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Eigenpairs:
    """The eigenvalue of largest magnitude, by power iteration.

    v ← H v / ‖H v‖ until λ = vᵀ H v changes by less than ``relative_change`` (1 % in
    Shen et al. 2020, algorithm 1). A small change does not prove anything (between +5
    and −5 it stops at any value), so ``converged`` looks at the residual instead.

    Args:
        operator: The symmetric matrix [size, size].
        relative_change: Change of the value, relative to it, at which to stop.
        tolerance: Largest relative residual that counts as converged.
        max_products: Give up after so many.
        start: First direction [size]; random by default.
        generator: Source of the random direction.

    Raises:
        QbertError: When ``max_products`` is not positive.

    >>> pair = power_iteration(torch.diag(torch.tensor([1.0, -8.0, 3.0])))
    >>> round(pair.values[0], 1)
    -8.0
    """
    if max_products < 1:
        raise QbertError(f"hessian: max_products={max_products}: accepted 1 or more")
    vector = random_direction(operator, generator) if start is None else start
    vector = vector / safe_norm(vector)
    value = float("inf")
    for num_products in range(1, max_products + 1):
        product = operator @ vector
        length = safe_norm(product)
        if length == 0.0:
            value, residual = 0.0, 0.0
            break
        product = product / length
        cosine = float(torch.dot(vector, product))
        previous, value = value, cosine * length
        residual = safe_norm(product - cosine * vector) / abs(cosine or 1e-300)
        if abs(value - previous) < relative_change * abs(value):
            break
        if num_products < max_products:
            vector = product
    return Eigenpairs(
        values=(value,),
        vectors=vector[None],
        residuals=(residual,),
        converged=residual <= tolerance,
        num_products=num_products,
    )
