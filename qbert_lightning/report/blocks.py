"""Block names: their natural order and their short form."""

from __future__ import annotations

import re
from collections.abc import Sequence


def in_order(blocks: Sequence[str]) -> list[str]:
    """Block names with the numbers in them counted, not spelled.

    >>> in_order(["layer.10", "layer.9"])
    ['layer.9', 'layer.10']
    """
    return sorted(set(blocks), key=lambda name: _natural(name))


def _natural(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", name)
    return [(int(p), "") if p.isascii() and p.isdigit() else (-1, p) for p in parts]


def short_names(blocks: Sequence[str]) -> list[str]:
    """Block names without the dotted beginning that all of them share.

    >>> short_names(["bert.encoder.layer.0", "bert.encoder.layer.1"])
    ['0', '1']
    """
    split = [block.split(".") for block in blocks]
    room = min((len(parts) for parts in split), default=1) - 1
    shared = 0
    while shared < room and len({parts[shared] for parts in split}) == 1:
        shared += 1
    return [".".join(parts[shared:]) for parts in split]
