"""A weight whose codes stay packed in memory, unpacked only where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.functional import (
    AffineParameters,
    code_range,
    pack,
    packed_bytes,
    ungroup,
    unpack,
)
from qbert_lightning.functional.affine_matrix import (
    AffineMatrix,
    WidenedLevels,
    widened,
)
from qbert_lightning.plan import Granularity, InputColumnBuckets
from qbert_lightning.quantizers import AffineSpec, Encoded

BYTE = 8


class Block(NamedTuple):
    """Columns of a weight over which every row keeps its scale.

    Attributes:
        columns: Which.
        matrix: Their part of the weight, in codes of 8 bits.
    """

    columns: slice
    matrix: AffineMatrix


class PackedWeight(nn.Module):
    """A matrix ``[rows, columns]`` or table, held as the bytes of its file.

    Its scales form a grid: a group is some rows by some columns. `grid` has one column
    for Q-BERT's row groups, one row for buckets of inputs, and both for groups along
    the inputs of each row. Codes are moved into the range of int8 as they are unpacked;
    those of 8 bits, which are bytes anyway, once.

    Args:
        encoded: Codes and what decodes them.
        spec: Its number format.
    """

    codes: Tensor
    scale: Tensor
    offset: Tensor | None

    def __init__(self, encoded: Encoded, spec: AffineSpec) -> None:
        super().__init__()
        self.rows, self.columns = encoded.shape
        self.num_bits = spec.num_bits
        self.grid = grid(spec.granularity, encoded.shape)
        ends = code_range(spec.num_bits, symmetric=spec.symmetric)
        self.lowest, self.highest = ends
        self.centre = (self.lowest + self.highest + 1) // 2
        groups = encoded.codes.reshape(encoded.tensors["scale"].numel(), -1)
        codes = ungroup(spec.granularity, groups, encoded.shape)
        if self.num_bits == BYTE:
            codes = self._moved(codes.clone(memory_format=torch.contiguous_format))
        self.register_buffer("codes", pack_rows(codes, self.num_bits))
        for name in ("scale", "offset"):
            values = encoded.tensors.get(name)
            # Not a view, which would keep the whole file it was read from.
            each = None if values is None else values.reshape(self.grid).clone()
            self.register_buffer(name, each)

    def matrix(self) -> Tensor:
        """All codes less the `centre`, int8 ``[rows, columns]``."""
        return self._int8(self.codes, self.rows)

    def widened(self) -> WidenedLevels:
        """Levels for codes that use more of int8, ``[row groups, blocks]``."""
        offset = torch.zeros_like(self.scale) if self.offset is None else self.offset
        ends = self.lowest, self.highest
        return widened(AffineParameters(self.scale, offset, *ends))

    def blocks(self, levels: WidenedLevels) -> list[Block]:
        """The matrix, cut where the scales of its rows change.

        Args:
            levels: Its own, `widened`.
        """
        codes = self.matrix().unflatten(1, (self.grid[1], -1))
        factor, shift, scale, offset = levels.each_row(self.rows // self.grid[0])
        if shift is not None:  # of less than 8 bits: `matrix` made them just now
            codes.mul_(factor).add_(shift.unsqueeze(-1))
        width = codes.shape[2]
        return [
            Block(
                slice(index * width, (index + 1) * width),
                AffineMatrix(
                    codes[:, index],
                    scale[:, index : index + 1],
                    None if offset is None else offset[:, index : index + 1],
                ),
            )
            for index in range(self.grid[1])
        ]

    def dequantized(self) -> Tensor:
        """All levels, float32 ``[rows, columns]``; for the time of one product."""
        offset = None if self.offset is None else self._each_row(self.offset)
        return self._levels(self.matrix(), self._each_row(self.scale), offset)

    def look_up(self, indices: Tensor) -> Tensor:
        """Levels of some rows, float32 ``[..., columns]``; only these are unpacked.

        Raises:
            IndexError: If there is no such row.
        """
        if self.codes.ndim == 1:
            return F.embedding(indices, self.dequantized())
        packed = F.embedding(indices, self.codes)
        chosen = indices // (self.rows // self.grid[0])
        offset = None if self.offset is None else self.offset[chosen]
        codes = self._int8(packed, indices.numel())
        codes = codes.reshape(*indices.shape, self.columns)
        return self._levels(codes, self.scale[chosen], offset)

    def _int8(self, packed: Tensor, rows: int) -> Tensor:
        """Unpacked codes less the `centre`, int8 ``[rows, columns]``."""
        if self.num_bits < BYTE:
            count = rows * self.columns
            packed = self._moved(unpack(packed.reshape(-1), self.num_bits, count))
        return packed.reshape(rows, self.columns)

    def _moved(self, stored: Tensor) -> Tensor:
        """Codes from 0 as stored become int8 about zero, in place; a byte wraps."""
        return stored.view(torch.int8).sub_(self.centre - self.lowest)

    def _each_row(self, values: Tensor) -> Tensor:
        """``[row groups, blocks]`` → ``[rows, blocks]``."""
        return values.repeat_interleave(self.rows // self.grid[0], 0)

    def _levels(self, codes: Tensor, scale: Tensor, offset: Tensor | None) -> Tensor:
        """Levels ``[..., columns]`` of codes, with values ``[..., blocks]`` of each."""
        levels = codes.float().add_(self.centre).unflatten(-1, (self.grid[1], -1))
        levels.mul_(scale.unsqueeze(-1))
        if offset is not None:
            levels.add_(offset.unsqueeze(-1))
        return levels.flatten(-2)

    def extra_repr(self) -> str:  # noqa: D102
        return f"{self.rows}, {self.columns}, num_bits={self.num_bits}"


def grid(granularity: Granularity, shape: Sequence[int]) -> tuple[int, int]:
    """Groups down the rows, and across the columns, of a matrix of a shape.

    >>> from qbert_lightning.plan import ColumnGroups, PerTensor, RowGroups
    >>> [grid(cut, (8, 6)) for cut in (PerTensor(), RowGroups(4), ColumnGroups(3))]
    [(1, 1), (4, 1), (8, 2)]
    """
    ranges = granularity.num_ranges(shape)
    if isinstance(granularity, InputColumnBuckets):
        return 1, ranges
    across = max(1, ranges // shape[0])
    return ranges // across, across


def pack_rows(codes: Tensor, num_bits: int) -> Tensor:
    """Pack codes ``[rows, columns]`` densely, by rows if these end with a byte.

    Returns:
        ``[rows, bytes of a row]``, or a stream ``[bytes]`` if a byte belongs to two.
    """
    rows, columns = codes.shape
    if num_bits == BYTE:
        return codes
    packed = pack(codes, num_bits)
    if columns % BYTE:
        return packed
    return packed.reshape(rows, packed_bytes(columns, num_bits))
