from __future__ import annotations

from itertools import product

from qbert_lightning.plan import SensitivityTable
from qbert_lightning.search import SearchSpace, block_keys, first_points
from qbert_lightning.search.space import Values

BLOCKS = [f"bert.encoder.layer.{i}" for i in range(3)]
WIDTHS = (2, 3, 4)
KEYS = [f"allocator.bits.{i}" for i in range(3)]
GROUPS = {"quant.groups": Values(("1", "128"))}
SPACE = SearchSpace({key: Values(("2", "3", "4")) for key in KEYS} | GROUPS)
IMPORTANCE = dict(zip(BLOCKS, (1.0, 30.0, 5.0), strict=True))


def bits(point: dict[str, str]) -> tuple[int, ...]:
    return tuple(int(point[key]) for key in KEYS)


def test_uniform_widths_come_first_where_the_space_has_them() -> None:
    points = first_points(SPACE, None, {})
    assert [bits(point) for point in points] == [(4, 4, 4), (3, 3, 3), (2, 2, 2)]
    assert all("quant.groups" not in point for point in points)


def test_without_blocks_the_width_of_all_weights_is_tried() -> None:
    space = SearchSpace({"quant.weight_bits": Values(("2", "8")), **GROUPS})
    assert first_points(space, None, {}) == [
        {"quant.weight_bits": "8"},
        {"quant.weight_bits": "2"},
    ]
    assert first_points(SearchSpace(GROUPS), None, {}) == []


def test_plans_of_the_table_are_those_no_other_beats() -> None:
    """Against every one of the 27 assignments, without the knapsack."""
    table = SensitivityTable("m", IMPORTANCE)
    points = [bits(point) for point in first_points(SPACE, table, {}, count=99)]

    def harm(widths: tuple[int, ...]) -> float:
        pairs = zip(IMPORTANCE.values(), widths, strict=True)
        return sum(value / 4**width for value, width in pairs)

    every = list(product(WIDTHS, repeat=3))
    best = [
        one for one in every
        if not any(
            (sum(other) <= sum(one) and harm(other) < harm(one))
            or (sum(other) < sum(one) and harm(other) <= harm(one))
            for other in every
        )
    ]  # fmt: skip
    assert set(points) == {*best, (3, 3, 3)}


def test_measured_scores_count_and_the_ends_of_the_front_stay() -> None:
    scores = {block: {2: 1.0, 4: 0.1} for block in BLOCKS}
    scores[BLOCKS[2]] = {2: 100.0, 4: 0.1}
    table = SensitivityTable("m", IMPORTANCE, scores)
    points = [bits(point) for point in first_points(SPACE, table, {}, count=3)]
    assert {(4, 4, 4), (2, 2, 2)} <= set(points)
    assert any(third > first for first, _, third in points)
    assert len(points) == 4


def test_sizes_weigh_the_costs() -> None:
    """A block that weighs nothing is widened before the others."""
    table = SensitivityTable("m", dict.fromkeys(BLOCKS, 1.0))
    sizes = {BLOCKS[0]: 1, BLOCKS[1]: 1000, BLOCKS[2]: 1000}
    points = [bits(point) for point in first_points(SPACE, table, sizes, count=99)]
    cheapest_after = min((one for one in points if one != (2, 2, 2)), key=sum)
    assert cheapest_after == (3, 2, 2)


def test_keys_name_blocks_or_number_them() -> None:
    space = SearchSpace(
        dict.fromkeys(
            ["allocator.bits.2", f"+allocator.bits.{BLOCKS[0]}", "allocator.bits.7"],
            Values(("2",)),
        )
    )
    assert block_keys(space, BLOCKS) == {
        BLOCKS[2]: "allocator.bits.2",
        BLOCKS[0]: f"+allocator.bits.{BLOCKS[0]}",
    }
