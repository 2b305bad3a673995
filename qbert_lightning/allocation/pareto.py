"""The least summed sensitivity for every size, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from qbert_lightning.allocation.base import FrontPoint
from qbert_lightning.allocation.budgeted import BudgetedAllocator, known_number
from qbert_lightning.plan import BlockSize, SensitivityTable


@dataclass(frozen=True)
class _State:
    """A choice for the first blocks; earlier choices hang on ``previous``."""

    cost: int
    score: float
    bits: int = 0
    previous: _State | None = None


def pareto_front(
    costs: Mapping[str, Mapping[int, int]],
    scores: Mapping[str, Mapping[int, float]],
    limit: float = inf,
) -> list[FrontPoint]:
    """All Pareto-optimal assignments, by dynamic programming over the blocks.

    The multiple-choice knapsack: block by block every kept state is extended by every
    candidate, and states that another one beats in cost and score are dropped. A
    dropped state can never come back into an optimum, so the result is exact. It is
    quick because few different sums of costs exist.

    Args:
        costs: Block → width → whole-number cost.
        scores: Block → the same widths → what is to be small in sum.
        limit: Leave out assignments that cost more.

    Returns:
        Points by rising cost and strictly falling score; empty if none is within.

    >>> costs = {"a": {2: 2, 4: 4}, "b": {2: 2, 4: 4}}
    >>> scores = {"a": {2: 1.0, 4: 0.1}, "b": {2: 5.0, 4: 0.5}}
    >>> [(point.cost, dict(point.bits)) for point in pareto_front(costs, scores)]
    [(4, {'a': 2, 'b': 2}), (6, {'a': 2, 'b': 4}), (8, {'a': 4, 'b': 4})]
    """
    cheapest = [min(row.values()) for row in costs.values()]
    states = [_State(0, 0.0)]
    for index, (name, row) in enumerate(costs.items()):
        still_needed = sum(cheapest[index + 1 :])
        extended = [
            _State(state.cost + cost, state.score + scores[name][bits], bits, state)
            for state in states
            for bits, cost in row.items()
            if state.cost + cost + still_needed <= limit
        ]
        states = _undominated(extended)
    return [
        FrontPoint(state.cost, state.score, dict(zip(costs, _path(state), strict=True)))
        for state in states
    ]


class Pareto(BudgetedAllocator):
    """The smallest sum of scores within the budget (HAWQ-V2, Dong et al. 2020, 3.3).

    Args:
        candidate_bits: Widths that a block may get.
        average_bits: Budget as mean code width over the blocks' weights, or null.
        megabytes: Budget as what a packed file holds, see `Megabytes`, or null.

    Raises:
        QbertError: See `BudgetedAllocator`; also for a table without scores.
    """

    def choose(
        self, table: SensitivityTable, blocks: Mapping[str, BlockSize]
    ) -> dict[str, int]:
        """See `BitAllocator.allocate`."""
        best = self.front(table, blocks, self.budget.limit(blocks))[-1]
        return dict(best.bits)

    def front(
        self,
        table: SensitivityTable,
        blocks: Mapping[str, BlockSize],
        limit: float = inf,
    ) -> list[FrontPoint]:
        """Every optimal assignment up to ``limit`` bits, whatever the budget says."""
        costs = {
            name: {bits: self.budget.cost(size, bits) for bits in self.candidate_bits}
            for name, size in blocks.items()
        }
        scores = {name: self._scores(table, name) for name in blocks}
        return pareto_front(costs, scores, limit)

    def _scores(self, table: SensitivityTable, block: str) -> dict[int, float]:
        row = table.scores.get(block, {})
        return {
            bits: known_number(row.get(bits), f"{bits}-bit score of {block}")
            for bits in self.candidate_bits
        }


def _undominated(states: list[_State]) -> list[_State]:
    kept: list[_State] = []
    for state in sorted(states, key=lambda each: (each.cost, each.score)):
        if not kept or state.score < kept[-1].score:
            kept.append(state)
    return kept


def _path(state: _State) -> list[int]:
    bits: list[int] = []
    while state.previous is not None:
        bits.append(state.bits)
        state = state.previous
    return bits[::-1]
