"""A growing set of orthonormal vectors."""

from __future__ import annotations

import torch
from torch import Tensor

_TOGETHER = 8  # vectors stored in a matrix, so that the basis grows without copies
# A projection that leaves less than this share of a vector is done once more
# (Daniel, Gragg, Kaufman and Stewart 1976).
_ENOUGH = 0.7
_ENTRIES = 2**12  # of every vector that are combined at a time, to stay in cache
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

    They are stored as the rows of some matrices; the larger these, the faster.

    Args:
        first: Rows of the first matrix; just so many vectors are `taken` without a
            copy.
        more: Rows of each further one.

    >>> basis = OrthonormalBasis()
    >>> basis.append(torch.tensor([1.0, 0.0]))
    >>> vector = torch.tensor([3.0, 4.0])
    >>> basis.remove_from(vector), vector
    (4.0, tensor([0., 4.]))
    """

    def __init__(self, first: int = _TOGETHER, more: int = _TOGETHER) -> None:
        self._first, self._more = first, more
        self._groups: list[Tensor] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Tensor:
        """The vector of that number, from the end if negative; a view."""
        index %= self._length
        for group in self._groups:
            if index < len(group):
                break
            index -= len(group)
        return group[index]

    def append(self, vector: Tensor) -> None:
        """Add a unit vector [size] that is orthogonal to the others."""
        if self._length == sum(len(group) for group in self._groups):
            rows = self._more if self._groups else self._first
            self._groups.append(vector.new_empty(rows, vector.numel()))
        self._length += 1
        self[-1].copy_(vector)

    def remove_from(self, vector: Tensor) -> float:
        """Make ``vector`` [size] orthogonal to the basis in place; its norm after."""
        after = safe_norm(vector)
        for _ in range(2):
            before = after
            for group in self._filled(self._length):
                vector.addmv_(group.T, group @ vector, alpha=-1)
            after = safe_norm(vector)
            if after > _ENOUGH * before:
                break
        return after

    def become(self, coefficients: Tensor) -> None:
        """Replace the vectors by their sums for each column of ``coefficients``.

        Works in place, some entries of all vectors at a time, so that two bases never
        stand in memory; storage that is no longer needed is given back.

        Args:
            coefficients: Orthonormal columns [length, k] with k up to the length.
        """
        weights = coefficients.T.to(self[0]).contiguous()
        groups, kept = self._filled(self._length), self._filled(len(weights))
        parts = torch.split(weights, [len(group) for group in groups], dim=1)
        for start in range(0, self[0].numel(), _ENTRIES):
            window = slice(start, start + _ENTRIES)
            sums = weights.new_zeros(len(weights), len(self[0][window]))
            for part, group in zip(parts, groups, strict=True):
                sums.addmm_(part, group[:, window])
            rows = torch.split(sums, [len(group) for group in kept])
            for group, row in zip(kept, rows, strict=True):
                group[:, window] = row
        self._length = len(weights)
        del self._groups[len(kept) :]

    def taken(self) -> Tensor:
        """All vectors, one a row [length, size]; the basis is empty afterwards."""
        groups = self._filled(self._length)
        self._groups, self._length = [], 0
        return groups[0] if len(groups) == 1 else torch.cat(groups)

    def _filled(self, count: int) -> list[Tensor]:
        """The first ``count`` vectors, as the rows of some matrices (views)."""
        filled = []
        for group in self._groups:
            if count > 0:
                filled.append(group[:count])
            count -= len(group)
        return filled
