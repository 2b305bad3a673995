"""A growing set of orthonormal vectors."""

from __future__ import annotations

import torch
from torch import Tensor

_CHUNK = 16  # vectors stored together, so that the basis grows without being copied
# A projection that leaves less than this share of a vector is done once more
# (Daniel, Gragg, Kaufman and Stewart 1976).
_ENOUGH = 0.7
_SAFE = 1e-12  # of a norm this far from 0, no square that matters underflowed (float32)


def safe_norm(vector: Tensor) -> float:
    """Euclidean norm of ``vector`` [size]; its squares may overflow or underflow.

    >>> f"{safe_norm(torch.tensor([3e-30, 4e-30])):.3e}"
    '5.000e-30'
    """
    plain = float(torch.linalg.vector_norm(vector))
    if _SAFE < plain < 1 / _SAFE:
        return plain
    largest = float(torch.linalg.vector_norm(vector, float("inf")))
    if largest == 0.0:
        return 0.0
    return largest * float(torch.linalg.vector_norm(vector / largest))


class OrthonormalBasis:
    """Orthonormal vectors [size], appended one at a time.

    >>> basis = OrthonormalBasis()
    >>> basis.append(torch.tensor([1.0, 0.0]))
    >>> vector = torch.tensor([3.0, 4.0])
    >>> basis.remove_from(vector), vector
    (4.0, tensor([0., 4.]))
    """

    def __init__(self) -> None:
        self._chunks: list[Tensor] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Tensor:
        """The vector of that number, from the end if negative; a view."""
        index %= self._length
        return self._chunks[index // _CHUNK][index % _CHUNK]

    def append(self, vector: Tensor) -> None:
        """Add a unit vector [size] that is orthogonal to the others."""
        if self._length == len(self._chunks) * _CHUNK:
            self._chunks.append(vector.new_empty(_CHUNK, vector.numel()))
        self._length += 1
        self[self._length - 1].copy_(vector)

    def remove_from(self, vector: Tensor) -> float:
        """Make ``vector`` [size] orthogonal to the basis in place; its norm after."""
        after = safe_norm(vector)
        for _ in range(2):
            before = after
            for chunk in self._filled():
                vector.addmv_(chunk.T, chunk @ vector, alpha=-1)
            after = safe_norm(vector)
            if after > _ENOUGH * before:
                break
        return after

    def combine(self, coefficients: Tensor) -> Tensor:
        """Sums of basis vectors for each column of ``coefficients`` [length, k].

        Returns:
            One vector a row, [k, size].
        """
        weights = coefficients.to(self[0])
        result = weights.new_zeros(weights.shape[1], self[0].numel())
        filled = self._filled()
        parts = torch.split(weights, [len(chunk) for chunk in filled])
        for part, chunk in zip(parts, filled, strict=True):
            result.addmm_(part.T, chunk)
        return result

    def _filled(self) -> list[Tensor]:
        rest = self._length - _CHUNK * (len(self._chunks) - 1)
        return [*self._chunks[:-1], self._chunks[-1][:rest]]
