"""How many samples each of several independent estimates gets."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heapreplace


def sample_numbers(
    variances: Sequence[float],
    costs: Sequence[float],
    taken: Sequence[int],
    *,
    target: float,
    budget: float,
) -> list[int]:
    """Whole numbers n for which Σ V / n reaches ``target`` at little cost.

    Optimum allocation (Neyman 1934), n ∝ √(V / C), in whole numbers: the next sample
    always goes where it lowers the sum most for its cost, by V / (n (n + 1) C). With
    equal costs no other numbers do better (Wright 2012).

    Args:
        variances: Of one sample of each.
        costs: Of one sample of each, positive.
        taken: Samples that are there already, one or more each.
        target: Variance of the sum to reach.
        budget: Costs to stay within, those of ``taken`` included.

    Returns:
        Samples in all, ``taken`` or more.

    >>> sample_numbers([9.0, 1.0], [1.0, 1.0], [1, 1], target=4.0, budget=100.0)
    [3, 1]
    >>> sample_numbers([9.0, 1.0], [1.0, 1.0], [1, 1], target=0.0, budget=5.0)
    [4, 1]
    """
    numbers = list(taken)
    spread = sum(v / n for v, n in zip(variances, numbers, strict=True))
    spent = sum(c * n for c, n in zip(costs, numbers, strict=True))

    def gain(i: int) -> float:
        return variances[i] / (numbers[i] * (numbers[i] + 1) * costs[i])

    queue = [(-gain(i), i) for i in range(len(numbers))]
    heapify(queue)
    while spread > target and queue[0][0] < 0:
        _, i = queue[0]
        if spent + costs[i] > budget:
            break
        spread -= gain(i) * costs[i]
        spent += costs[i]
        numbers[i] += 1
        heapreplace(queue, (-gain(i), i))
    return numbers
