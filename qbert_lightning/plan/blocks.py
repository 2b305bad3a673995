"""Names of the parts that get a sensitivity, and bits, of their own."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase

from qbert_lightning.errors import QbertError

BLOCK_WORDS = ("layers", "matrices", "embeddings", "backbone")
"""Encoder layers, matrices of the encoder, embedding tables, all without the head."""


def matching_names(patterns: Sequence[str], names: Collection[str]) -> list[str]:
    """The names that any pattern matches as a whole, in the order of ``names``.

    Args:
        patterns: Shell-style patterns, as in a rule's ``match``; ``*`` crosses dots.
        names: Dotted module names.

    Raises:
        QbertError: For a pattern that matches nothing, and for names one of which lies
            within another.

    >>> matching_names(["layer.?"], ["layer", "layer.0", "layer.0.key", "layer.1"])
    ['layer.0', 'layer.1']
    """
    found: set[str] = set()
    for pattern in patterns:
        hits = {name for name in names if fnmatchcase(name, pattern)}
        if not hits:
            raise QbertError(
                f"blocks={pattern}: matches nothing: accepted {', '.join(BLOCK_WORDS)} "
                f"or names such as {', '.join(_one_of_each_kind(names))}"
            )
        found |= hits
    for name in found:
        for outer in _above(name):
            if outer in found:
                raise QbertError(
                    f"blocks: {name} lies within {outer}: accepted blocks that share "
                    "nothing"
                )
    return [name for name in names if name in found]


def with_parents(names: Collection[str]) -> list[str]:
    """Names and everything above them, in order, each once.

    >>> with_parents(["a.b.c", "a.d"])
    ['a', 'a.b', 'a.b.c', 'a.d']
    """
    every = [each for name in names for each in (*_above(name), name)]
    return list(dict.fromkeys(every))


def _above(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _one_of_each_kind(names: Collection[str]) -> list[str]:
    """The first of all names that differ in numbers only, short paths first."""
    kinds: dict[str, str] = {}
    for name in names:
        kinds.setdefault(re.sub(r"\d+", "#", name), name)
    return sorted(kinds.values(), key=lambda name: name.count("."))[:8]
