"""The control of the paper's rule: more bits to the less sensitive blocks."""

from __future__ import annotations

from collections.abc import Mapping

from qbert_lightning.allocation.ranked import Ranked
from qbert_lightning.plan import BlockSize, SensitivityTable


class Reversed(Ranked):
    """`Ranked` upside down, at the same budget (Shen et al. 2020, section 4.2).

    It should lose to `Ranked`; where it does not, the ranking says nothing.

    >>> table = SensitivityTable("x", importance={"a": 1.0, "b": 9.0})
    >>> Reversed((2, 4), average_bits=3).allocate(
    ...     table, {"a": BlockSize(10, {}), "b": BlockSize(10, {})}
    ... )
    {'a': 4, 'b': 2}
    """

    def order(
        self, table: SensitivityTable, blocks: Mapping[str, BlockSize]
    ) -> list[str]:
        """The least sensitive block first."""
        return super().order(table, blocks)[::-1]
