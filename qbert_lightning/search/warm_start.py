"""The first points of a search: plans that are known to be sensible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qbert_lightning.allocation import pareto_front
from qbert_lightning.plan import SensitivityTable
from qbert_lightning.search.space import Point, SearchSpace

BLOCK_KEY = "allocator.bits."
UNIFORM_KEY = "quant.weight_bits"
UNIFORM_BITS = (8, 4, 3, 2)
WIDTHS = range(2, 9)


def first_points(
    space: SearchSpace,
    table: SensitivityTable | None,
    sizes: Mapping[str, int],
    count: int = 6,
) -> list[Point]:
    """Points to try first: uniform widths, and the best plans of a sensitivity table.

    Args:
        space: What is varied. Keys that a point leaves out are for the sampler.
        table: How much each block minds; None if not known.
        sizes: Block → number of weights; blocks that are not named count the same.
        count: At most so many plans from the table, spread evenly over their sizes.

    Returns:
        Points of the space, each once.
    """
    points = _uniform(space)
    if table is not None:
        points += _thinned(_optimal(space, table, sizes), count)
    inside = [point for point in points if space.parameters(point)]
    return [one for number, one in enumerate(inside) if one not in inside[:number]]


def block_keys(space: SearchSpace, blocks: Sequence[str]) -> dict[str, str]:
    """Block → the key that varies its width, for the blocks that have one.

    Args:
        space: Its keys name a block, or number it from 0.
        blocks: Names in the model's order.
    """
    numbered = dict(enumerate(blocks))
    found = {}
    for key in space.dimensions:
        if key.lstrip("+").startswith(BLOCK_KEY):
            name = key.lstrip("+").removeprefix(BLOCK_KEY)
            block = numbered.get(int(name), "") if name.isdecimal() else name
            if block in blocks:
                found[block] = key
    return found


def _uniform(space: SearchSpace) -> list[Point]:
    """Every block, or else all weights at once, at each width of the papers."""
    keys = [key for key in space.dimensions if key.lstrip("+").startswith(BLOCK_KEY)]
    keys = keys or [key for key in space.dimensions if key == UNIFORM_KEY]
    return [dict.fromkeys(keys, str(bits)) for bits in UNIFORM_BITS if keys]


def _optimal(
    space: SearchSpace, table: SensitivityTable, sizes: Mapping[str, int]
) -> list[Point]:
    """The least summed sensitivity for every size, within the space."""
    keys = block_keys(space, list(table.importance))
    allowed = {
        block: [bits for bits in WIDTHS if space.dimensions[key].parameter(str(bits))]
        for block, key in keys.items()
    }
    if not keys or not all(allowed.values()):
        return []
    costs = {
        block: {bits: bits * sizes.get(block, 1) for bits in widths}
        for block, widths in allowed.items()
    }
    scores = {
        block: {bits: _harm(table, block, bits) for bits in widths}
        for block, widths in allowed.items()
    }
    return [
        {keys[block]: str(bits) for block, bits in point.bits.items()}
        for point in pareto_front(costs, scores)
    ]


def _harm(table: SensitivityTable, block: str, bits: int) -> float:
    """The table's score; for widths it does not have, from the nearest one it has.

    Each bit more halves the step, and the variance of rounding is a twelfth of the
    step squared. Without any score the importance stands for it, as if the weights of
    all blocks had the same range.
    """
    known = table.scores.get(block, {})
    if not known:
        return table.importance[block] * 4.0**-bits
    nearest = min(known, key=lambda width: abs(width - bits))
    return known[nearest] * 4.0 ** (nearest - bits)


def _thinned(points: Sequence[Point], count: int) -> list[Point]:
    """At most ``count`` of the points, the ends among them."""
    if len(points) <= count:
        return list(points)
    last = len(points) - 1
    return [points[round(place * last / (count - 1))] for place in range(count)]
