"""What allocators with candidates and a budget share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import ClassVar

from qbert_lightning.allocation.base import BitAllocator
from qbert_lightning.allocation.budget import AverageBits, choose_budget
from qbert_lightning.errors import QbertError
from qbert_lightning.plan import BlockSize, SensitivityTable


class BudgetedAllocator(BitAllocator):
    """An allocator that chooses among candidate widths within a budget.

    The base checks; a subclass decides in `choose`.

    Args:
        candidate_bits: Widths that a block may get, 2 to 8.
        average_bits: Budget as mean code width over the blocks' weights, or null.
        megabytes: Budget as what a packed file holds, see `Megabytes`, or null.

    Raises:
        QbertError: For widths outside 2..8, or unless exactly one budget is given.
    """

    needs_sensitivity: ClassVar[bool] = True

    def __init__(
        self,
        candidate_bits: Sequence[int] = (2, 3),
        average_bits: float | None = None,
        megabytes: float | None = None,
    ) -> None:
        self.budget = choose_budget(average_bits, megabytes)
        self._candidate_bits = _checked(candidate_bits)
        smallest = self._candidate_bits[0]
        if isinstance(self.budget, AverageBits) and self.budget.value < smallest:
            self.budget.refuse(smallest, self._candidate_bits)

    @property
    def candidate_bits(self) -> tuple[int, ...]:
        """The widths to choose from, ascending."""
        return self._candidate_bits

    def allocate(
        self, table: SensitivityTable | None, blocks: Mapping[str, BlockSize]
    ) -> dict[str, int]:
        """See `BitAllocator.allocate`."""
        if table is None or not blocks:
            raise QbertError(
                f"allocator: {'no' if table is None else 'a'} sensitivity table, "
                f"{len(blocks)} blocks: accepted a table and 1 block or more"
            )
        self.budget.check_reachable(blocks, self.candidate_bits)
        return self.choose(table, blocks)

    @abstractmethod
    def choose(
        self, table: SensitivityTable, blocks: Mapping[str, BlockSize]
    ) -> dict[str, int]:
        """The width of every block; the budget is known to be reachable."""


def known_number(value: float | None, what: str) -> float:
    """``value``; raises `QbertError` when it is missing or not finite.

    >>> known_number(1.5, "importance of layer.0")
    1.5
    """
    if value is None or not isfinite(value):
        raise QbertError(
            f"allocator: {what} is {value}: accepted a finite number in the "
            "sensitivity table"
        )
    return value


def _checked(candidate_bits: Sequence[int]) -> tuple[int, ...]:
    widths = list(candidate_bits)
    fine = widths and all(
        isinstance(bits, int) and not isinstance(bits, bool) and 2 <= bits <= 8
        for bits in widths
    )
    if not fine or len(set(widths)) < len(widths):
        raise QbertError(
            f"allocator.candidate_bits={widths}: accepted different widths from 2..8"
        )
    return tuple(sorted(widths))
