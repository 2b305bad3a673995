"""Sizes of blocks against counting by hand."""

from __future__ import annotations

import pytest

from qbert_lightning.plan import QuantPlan, QuantScheme, block_sizes
from qbert_lightning.quantizers import AffineSpec

RANGE = 2 * 32  # scale and offset


def plan_of(*names: str) -> QuantPlan:
    return QuantPlan(dict.fromkeys(names, QuantScheme(weight=AffineSpec(8))))


def test_every_candidate_has_its_size() -> None:
    shapes = {"x.0.a": (4, 4), "x.0.b": (4, 8), "x.1.a": (4, 4)}
    sizes = block_sizes(plan_of(*shapes), shapes, ["x.0", "x.1"], [2, 3])
    assert sizes["x.0"].num_weights == 48
    assert sizes["x.0"].storage_bits == {2: 48 * 2 + 128, 3: 48 * 3 + 128}


def test_codes_take_whole_bytes() -> None:
    shapes = {"x.a": (3, 3), "x.b": (1, 3)}
    sizes = block_sizes(plan_of(*shapes), shapes, ["x"], [3])
    assert sizes["x"].storage_bits == {3: (32 + RANGE) + (16 + RANGE)}


OTHERS = {
    "bert.embeddings.norm.bias": 2**20,  # outside the part with all blocks
    "bert.encoder.layer.0.key.bias": 1,
    "bert.encoder.layer.0.out.dense.bias": 2,
    "bert.encoder.layer.0.out.norm.bias": 4,
    "bert.encoder.layer.11.key.step": 8,
    "bert.encoder.layer.11.out.norm.bias": 16,
    "bert.pooler.dense.bias": 2**20,
}


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (["0", "11"], [7, 24]),
        (["0.key", "0.out.dense", "11.key"], [1, 6, 24]),
        (["0.key", "11.key"], [7, 24]),
        (["11"], [24]),
    ],
)
def test_what_stands_beside_blocks_counts_with_the_nearest(
    blocks: list[str], expected: list[int]
) -> None:
    names = [f"bert.encoder.layer.{block}" for block in blocks]
    sizes = block_sizes(QuantPlan(), {}, names, [2, 3], OTHERS)
    assert [size.storage_bits for size in sizes.values()] == [
        {2: bits, 3: bits} for bits in expected
    ]


def test_weights_that_keep_their_width_count_too() -> None:
    shapes = {"x.0.a": (4, 4), "x.0.b": (4, 8), "x.1.a": (4, 4), "y": (9, 9)}
    sizes = block_sizes(plan_of(*shapes), shapes, ["x.0.a", "x.1.a"], [2])
    assert [size.num_weights for size in sizes.values()] == [16, 16]
    own = 16 * 2 + RANGE
    assert sizes["x.0.a"].storage_bits == {2: own + 32 * 8 + RANGE}
    assert sizes["x.1.a"].storage_bits == {2: own}
