"""What blocks of layers weigh in a packed model, at every width they may be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import prod

from qbert_lightning.plan.quant_plan import QuantPlan
from qbert_lightning.plan.scheme import QuantScheme
from qbert_lightning.plan.size import Shapes

BITS_PER_BYTE = 8


@dataclass(frozen=True)
class BlockSize:
    """What a block of layers weighs at each width it may be given.

    Attributes:
        num_weights: Number of quantized weights in the block.
        storage_bits: Candidate width → bits in the file of the block and of what
            counts with it.
    """

    num_weights: int
    storage_bits: Mapping[int, int]


def block_sizes(
    plan: QuantPlan,
    shapes: Shapes,
    blocks: Iterable[str],
    candidate_bits: Sequence[int],
    others: Mapping[str, int] | None = None,
) -> dict[str, BlockSize]:
    """`BlockSize` of each block under ``plan`` at every candidate width.

    All sizes together are what the file holds of the smallest part of the model that
    has every block in it: what is there beside the blocks counts with the nearest one.

    Args:
        plan: Gives number format and granularity of each layer.
        shapes: Layer name → weight shape.
        blocks: Names of blocks of layers, for example encoder layers.
        candidate_bits: The widths an allocator may choose from.
        others: Tensor → bits in the file, of all that is no quantized weight.

    >>> from qbert_lightning.plan import QuantPlan
    >>> blocks = ["layer.0.key", "layer.1.key"]
    >>> others = {"layer.0.key.bias": 64, "layer.1.norm.bias": 32, "head.bias": 99}
    >>> sizes = block_sizes(QuantPlan(), {}, blocks, [2], others)
    >>> [size.storage_bits for size in sizes.values()]
    [{2: 64}, {2: 32}]
    """
    names = list(blocks)
    layers = {
        block: [name for name in plan.layers_of(block) if plan[name].weight]
        for block in names
    }
    chosen = {name for block in names for name in layers[block]}
    kept = {
        f"{name}.weight": _stored_bits(scheme, shapes[name])
        for name, scheme in plan.items()
        if scheme.weight and name not in chosen
    }
    beside = _by_nearest({**kept, **(others or {})}, names)
    return {
        block: BlockSize(
            sum(prod(shapes[name]) for name in layers[block]),
            {
                bits: beside[block]
                + sum(
                    _stored_bits(plan[name].with_weight_bits(bits), shapes[name])
                    for name in layers[block]
                )
                for bits in candidate_bits
            },
        )
        for block in names
    }


def _stored_bits(scheme: QuantScheme, shape: Sequence[int]) -> int:
    """Bits of a quantized weight in a file, where every tensor takes whole bytes."""
    assert scheme.weight is not None  # callers look at quantized weights only
    return -(-scheme.weight.storage_bits(shape) // BITS_PER_BYTE) * BITS_PER_BYTE


def _by_nearest(sizes: Mapping[str, int], blocks: Sequence[str]) -> dict[str, int]:
    """Sums of sizes by the block that shares most of a tensor's path.

    Tensors outside the smallest part of the model with all blocks are left out.
    """
    part = _shared(blocks)
    sums = dict.fromkeys(blocks, 0)
    for name, size in sizes.items():
        if name.split(".")[: len(part)] == part:
            nearest = max(blocks, key=lambda block: len(_shared([name, block])))
            sums[nearest] += size
    return sums


def _shared(names: Sequence[str]) -> list[str]:
    """The leading words that dotted names have in common.

    >>> _shared(["layer.1.key", "layer.11.key"])
    ['layer']
    """
    columns = zip(*(name.split(".") for name in names), strict=False)
    return [words[0] for words in takewhile(lambda words: len({*words}) == 1, columns)]
