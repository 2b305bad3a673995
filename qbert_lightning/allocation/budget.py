"""How much the blocks may weigh together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf
from typing import ClassVar, NoReturn

from qbert_lightning.errors import QbertError
from qbert_lightning.plan import BlockSize
from qbert_lightning.plan.size import BITS_PER_MEGABYTE

Blocks = Mapping[str, BlockSize]


@dataclass(frozen=True)
class Budget(ABC):
    """A limit on the size of all blocks together.

    Attributes:
        value: The limit, as the user gave it.

    Raises:
        QbertError: Unless it is a positive, finite number.
    """

    value: float

    key: ClassVar[str]

    def __post_init__(self) -> None:
        if not 0 < self.value < inf:
            raise QbertError(f"allocator.{self.key}={self.value}: accepted above 0")

    @abstractmethod
    def cost(self, block: BlockSize, num_bits: int) -> int:
        """What a block takes at that width, in bits."""

    @abstractmethod
    def unit(self, blocks: Blocks) -> int:
        """Bits that one unit of `value` stands for."""

    def limit(self, blocks: Blocks) -> int:
        """What all blocks together may take, in bits."""
        return floor(self.value * self.unit(blocks))

    def check_reachable(self, blocks: Blocks, candidate_bits: Sequence[int]) -> None:
        """Raises `QbertError` when even the smallest widths exceed the limit."""
        least = sum(
            min(self.cost(block, bits) for bits in candidate_bits)
            for block in blocks.values()
        )
        if least > self.limit(blocks):
            self.refuse(least / self.unit(blocks), candidate_bits)

    def refuse(self, smallest: float, candidate_bits: Sequence[int]) -> NoReturn:
        """Raises `QbertError` naming the smallest possible value."""
        raise QbertError(
            f"allocator.{self.key}={self.value}: accepted from "
            f"{ceil(smallest * 1e4) / 1e4:.10g}, the smallest possible with "
            f"candidate_bits={list(candidate_bits)}"
        )


@dataclass(frozen=True)
class AverageBits(Budget):
    """A limit on the mean code width over all weights; ranges are not counted.

    >>> AverageBits(2.5).limit({"a": BlockSize(100, {}), "b": BlockSize(300, {})})
    1000
    """

    key: ClassVar[str] = "average_bits"

    def cost(self, block: BlockSize, num_bits: int) -> int:
        """Bits of the codes."""
        return block.num_weights * num_bits

    def unit(self, blocks: Blocks) -> int:
        """One bit for every weight."""
        return sum(block.num_weights for block in blocks.values())

    def limit(self, blocks: Blocks) -> int:
        """As for every budget; a millionth is forgiven, for 7/3 written as 2.333333."""
        return floor(self.value * self.unit(blocks) * (1 + 1e-6))


@dataclass(frozen=True)
class Megabytes(Budget):
    """A limit on what a packed file holds of the blocks; 1 MB is 2^20 bytes.

    Sizes are those of `block_sizes`: codes, ranges, and all that counts with them.

    >>> Megabytes(1.0).cost(BlockSize(100, {2: 264}), 2)
    264
    """

    key: ClassVar[str] = "megabytes"

    def cost(self, block: BlockSize, num_bits: int) -> int:
        """Bits in the file."""
        if num_bits not in block.storage_bits:
            raise QbertError(
                f"allocator: no size for {num_bits} bits: "
                f"accepted {sorted(block.storage_bits)}"
            )
        return block.storage_bits[num_bits]

    def unit(self, blocks: Blocks) -> int:
        """The bits of a megabyte."""
        return BITS_PER_MEGABYTE


def choose_budget(average_bits: float | None, megabytes: float | None) -> Budget:
    """The one budget that is given; raises `QbertError` for none or both.

    >>> choose_budget(average_bits=2.5, megabytes=None)
    AverageBits(value=2.5)
    """
    if average_bits is not None and megabytes is None:
        return AverageBits(average_bits)
    if megabytes is not None and average_bits is None:
        return Megabytes(megabytes)
    raise QbertError(
        f"allocator.average_bits={average_bits}, allocator.megabytes={megabytes}: "
        "accepted exactly one of them, the other null"
    )
