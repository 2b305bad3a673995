"""A growing set of orthonormal vectors."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

_CHUNK = 8  # vectors stored together, so that the basis grows without being copied
# A projection that leaves less than this share of a vector is done once more
# (Daniel, Gragg, Kaufman and Stewart 1976).
_ENOUGH = 0.7
_ENTRIES = (
    2**14
)  # of every vector that are combined at a time, so that they stay in cache
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

    def become(self, coefficients: Tensor) -> None:
        """Replace the vectors by their sums for each column of ``coefficients``.

        Works in place, some entries of all vectors at a time, so that two bases never
        stand in memory; storage that is no longer needed is given back.

        Args:
            coefficients: Orthonormal columns [length, k] with k up to the length.
        """
        weights = coefficients.to(self[0])
        kept = weights.shape[1]
        for start in range(0, self[0].numel(), _ENTRIES):
            window = slice(start, start + _ENTRIES)
            sums = weights.new_zeros(kept, len(self[0][window]))
            for part, chunk in self._with_rows_of(weights):
                sums.addmm_(part.T, chunk[:, window])
            for index, row in enumerate(sums):
                self[index][window].copy_(row)
        self._length = kept
        del self._chunks[-(-kept // _CHUNK) :]

    def taken(self) -> Tensor:
        """All vectors, one a row [length, size]; the basis is empty afterwards."""
        result, start = self[0].new_empty(self._length, self[0].numel()), 0
        filled = self._filled()
        self._chunks, self._length = [], 0
        while filled:  # each group is freed as soon as it is copied
            chunk = filled.pop(0)
            result[start : start + len(chunk)] = chunk
            start += len(chunk)
            del chunk
        return result

    def _with_rows_of(self, weights: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The stored vectors, each group with its rows of ``weights``."""
        filled = self._filled()
        parts = torch.split(weights, [len(chunk) for chunk in filled])
        return zip(parts, filled, strict=True)

    def _filled(self) -> list[Tensor]:
        rest = self._length - _CHUNK * (len(self._chunks) - 1)
        return [*self._chunks[:-1], self._chunks[-1][:rest]]
