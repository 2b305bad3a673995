"""Symmetric matrices that are known by their products alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from qbert_lightning.hessian.operator import HessianOperator


class SymmetricOperator(Protocol):
    """A symmetric matrix known by its products; a square `Tensor` is one too."""

    @property
    def shape(self) -> Sequence[int]:
        """``(size, size)``."""

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the vectors it takes."""

    @property
    def device(self) -> torch.device:
        """Where the vectors live."""

    def __matmul__(self, vector: Tensor, /) -> Tensor:
        """The product with ``vector`` [size]: a new tensor, which may be changed."""


def curvature_along(operator: SymmetricOperator, vector: Tensor) -> float:
    """``vector · operator vector``, as cheaply as the operator can.

    >>> curvature_along(torch.diag(torch.tensor([1.0, 2.0])), torch.tensor([1.0, 3.0]))
    19.0
    """
    if isinstance(operator, HessianOperator):
        return operator.curvature_along(vector)
    return float(torch.dot(vector, operator @ vector))
