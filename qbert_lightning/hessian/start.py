"""Where a search for top eigenvectors starts."""

from __future__ import annotations

import torch
from torch import Tensor

from qbert_lightning.hessian.basis import safe_norm
from qbert_lightning.hessian.lanczos import random_direction
from qbert_lightning.hessian.operator import HessianOperator


def leaning_direction(
    hessian: HessianOperator, generator: torch.Generator | None = None
) -> Tensor:
    """A random direction that leans towards the gradient [size].

    The gradient leans towards the top eigenvectors, which saves products; the random
    part keeps every other direction within reach.

    Args:
        hessian: Within its ``with``.
        generator: Source of the random part.
    """
    direction, gradient = random_direction(hessian, generator), hessian.gradient()
    return direction.add_(gradient, alpha=1 / (safe_norm(gradient) or 1.0))
