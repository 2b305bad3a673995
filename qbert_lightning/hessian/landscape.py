"""The loss around a point, along two directions: a picture of its curvature."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.operator import HessianOperator


def loss_landscape(
    hessian: HessianOperator, directions: Tensor, axis: Sequence[float]
) -> Tensor:
    """L(w + a·u + b·v) on the grid of all a, b in ``axis``.

    The paper's landscape figure (Shen et al. 2020) shows it for two layers. Along unit
    eigenvectors u, v near a minimum this is L(w) + (λᵤ a² + λᵥ b²) / 2, so landscapes
    of different blocks compare on the same axis.

    Args:
        hessian: The loss and the parameters to move, inside its ``with``.
        directions: u and v, unit vectors, [2, size].
        axis: Distances along both, in the Euclidean norm of the parameters.

    Returns:
        The mean loss, u down and v across, [len(axis), len(axis)], float64; values far
        away may be infinite or NaN.

    Raises:
        QbertError: When there are not two directions of the parameters' size.
    """
    if tuple(directions.shape) != (2, hessian.size):
        raise QbertError(
            f"landscape: directions {list(directions.shape)}: accepted "
            f"[2, {hessian.size}]"
        )
    down, across = directions
    rows = [[hessian.loss(a * down + b * across) for b in axis] for a in axis]
    return torch.tensor(rows, dtype=torch.float64)
