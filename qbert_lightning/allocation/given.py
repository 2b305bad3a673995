"""Widths that the user, or a search, names block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qbert_lightning.allocation.base import BitAllocator
from qbert_lightning.errors import QbertError
from qbert_lightning.plan import BlockSize, SensitivityTable

MAX_LISTED = 8


class Given(BitAllocator):
    """Every block gets the width it is given; the others keep their rule's.

    Args:
        bits: Block → width 2 to 8, or null for the rule's width. A block is named, or
            numbered from 0 in the model's order.

    Raises:
        QbertError: For a width outside 2..8; from `allocate` for an unknown block.

    >>> blocks = {"layer.0": BlockSize(1, {}), "layer.1": BlockSize(1, {})}
    >>> Given({"1": 4, "layer.0": None}).allocate(None, blocks)
    {'layer.1': 4}
    """

    def __init__(self, bits: Mapping[str, int | None]) -> None:
        self._bits = given_bits(bits)

    @property
    def candidate_bits(self) -> tuple[int, ...]:
        """The widths that are given, ascending."""
        return tuple(sorted(set(self._bits.values())))

    def allocate(
        self, table: SensitivityTable | None, blocks: Mapping[str, BlockSize]
    ) -> dict[str, int]:
        """The given widths, by name of the block."""
        return named_bits(self._bits, list(blocks))


def given_bits(bits: Mapping[str, int | None]) -> dict[str, int]:
    """The entries that give a width.

    Raises:
        QbertError: For a width outside 2..8.

    >>> given_bits({"0": 4, "1": None})
    {'0': 4}
    """
    given = {}
    for block, width in bits.items():
        if width is None:
            continue
        is_whole = isinstance(width, int) and not isinstance(width, bool)
        if not (is_whole and 2 <= width <= 8):
            raise QbertError(f"allocator.bits.{block}={width}: accepted 2..8, or null")
        given[str(block)] = width
    return given


def named_bits(bits: Mapping[str, int], blocks: Sequence[str]) -> dict[str, int]:
    """Widths by the blocks' names, in the model's order.

    Args:
        bits: Name or number of a block → width.
        blocks: All names, in the model's order.

    Raises:
        QbertError: For a block that is not there, or is given twice.

    >>> named_bits({"1": 2, "a": 8}, ["a", "b"])
    {'a': 8, 'b': 2}
    """
    found: dict[str, int] = {}
    for block, width in bits.items():
        name = _name(block, blocks)
        if name in found:
            raise QbertError(
                f"allocator.bits.{block}={width}: {name} has {found[name]} bits "
                "already: accepted each block once, by number or by name"
            )
        found[name] = width
    return {name: found[name] for name in blocks if name in found}


def _name(block: str, blocks: Sequence[str]) -> str:
    if block in blocks:
        return block
    if block.isdecimal() and int(block) < len(blocks):
        return blocks[int(block)]
    listed = ", ".join(blocks[:MAX_LISTED])
    more = ", ..." if len(blocks) > MAX_LISTED else ""
    raise QbertError(
        f"allocator.bits.{block}: no such block: accepted 0..{len(blocks) - 1}, or one "
        f"of {listed}{more}"
    )
