"""What every bit allocator promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from qbert_lightning.plan import BlockSize, SensitivityTable


@dataclass(frozen=True)
class FrontPoint:
    """An assignment that no other beats in both size and score.

    Attributes:
        cost: Its size in bits, as the budget counts.
        score: Sum of its blocks' scores.
        bits: Block → width.
    """

    cost: int
    score: float
    bits: Mapping[str, int]


class BitAllocator(ABC):
    """Who gets how many bits?

    >>> class Two(BitAllocator):
    ...     def allocate(self, table, blocks):
    ...         return dict.fromkeys(blocks, 2)
    >>> Two().allocate(None, {"layer.0": BlockSize(10, {2: 20})})
    {'layer.0': 2}
    """

    needs_sensitivity: ClassVar[bool] = False
    """Whether `allocate` must be given a table."""

    @property
    def candidate_bits(self) -> tuple[int, ...]:
        """Widths it may give, whose sizes and sensitivities it wants to know."""
        return ()

    def front(
        self, table: SensitivityTable, blocks: Mapping[str, BlockSize]
    ) -> list[FrontPoint]:
        """Every assignment worth considering, whatever the budget; none by default."""
        return []

    @abstractmethod
    def allocate(
        self, table: SensitivityTable | None, blocks: Mapping[str, BlockSize]
    ) -> dict[str, int]:
        """Decide the width of every block's weights.

        Args:
            table: How much each block minds, or None where it is not needed.
            blocks: Name → size, in the model's order.

        Returns:
            Block → width; an empty mapping keeps what the quantization rules say.

        Raises:
            QbertError: When the budget cannot be met, or something is missing.
        """
