"""The paper's rule: more bits to the more sensitive blocks."""

from __future__ import annotations

from collections.abc import Mapping

from qbert_lightning.allocation.budgeted import BudgetedAllocator, known_number
from qbert_lightning.plan import BlockSize, SensitivityTable


class Ranked(BudgetedAllocator):
    """More bits to larger importance (Q-BERT, Shen et al. 2020, section 3.1).

    All blocks start at the smallest width. In descending order of importance each gets
    the largest candidate that the rest of the budget allows, so that afterwards no
    block could be widened any more. Equal importance: the earlier block comes first.

    Args:
        candidate_bits: Widths that a block may get (the paper's 2/3 or 2/4).
        average_bits: Budget as mean code width over the blocks' weights, or null.
        megabytes: Budget as what a packed file holds, see `Megabytes`, or null.

    Raises:
        QbertError: See `BudgetedAllocator`.

    >>> table = SensitivityTable("x", importance={"a": 1.0, "b": 9.0})
    >>> Ranked((2, 4), average_bits=3).allocate(
    ...     table, {"a": BlockSize(10, {}), "b": BlockSize(10, {})}
    ... )
    {'a': 2, 'b': 4}
    """

    def choose(
        self, table: SensitivityTable, blocks: Mapping[str, BlockSize]
    ) -> dict[str, int]:
        """See `BitAllocator.allocate`."""
        smallest = self.candidate_bits[0]
        result = dict.fromkeys(blocks, smallest)
        costs = {
            name: {bits: self.budget.cost(size, bits) for bits in self.candidate_bits}
            for name, size in blocks.items()
        }
        left = self.budget.limit(blocks)
        left -= sum(cost[smallest] for cost in costs.values())
        for name in self.order(table, blocks):
            extra = {
                bits: cost - costs[name][smallest] for bits, cost in costs[name].items()
            }
            result[name] = max(bits for bits, cost in extra.items() if cost <= left)
            left -= extra[result[name]]
        return result

    def order(
        self, table: SensitivityTable, blocks: Mapping[str, BlockSize]
    ) -> list[str]:
        """Who is served first."""
        importance = {
            name: known_number(table.importance.get(name), f"importance of {name}")
            for name in blocks
        }
        return sorted(importance, key=lambda name: -importance[name])
