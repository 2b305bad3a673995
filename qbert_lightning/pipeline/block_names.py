"""The names of a run's blocks, told without loading a model."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

# For each word: the layers that are of its kind, and the block they are in.
_KINDS = {
    "layers": re.compile(r"((?:.+\.)?encoder\.layer\.\d+)\..+"),
    "matrices": re.compile(r"((?:.+\.)?encoder\.layer\.\d+\..+)"),
    "embeddings": re.compile(r"(.+\.embeddings\.\w+_embeddings)"),
    "backbone": re.compile(r"([^.]+)\..+"),
}
WORD_TABLE = "embeddings.word_embeddings"


def block_names(choice: str | Sequence[str], layers: Collection[str]) -> list[str]:
    """The blocks that `select_blocks` finds in a model, in the model's order.

    Args:
        choice: The configuration's `blocks`.
        layers: Names of the model's embedding tables and matrices, in its order, as
            far as they are known.

    Returns:
        Names; empty where they are not known, as for patterns, which may also speak of
        parts without a matrix.

    >>> layers = ["bert.encoder.layer.0.output.dense", "bert.encoder.layer.1.key"]
    >>> block_names("layers", layers)
    ['bert.encoder.layer.0', 'bert.encoder.layer.1']
    """
    kind = _KINDS.get(choice) if isinstance(choice, str) else None
    knows_words = any(layer.endswith(WORD_TABLE) for layer in layers)
    if kind is None or (choice == "embeddings" and not knows_words):
        return []
    hits = (kind.fullmatch(layer) for layer in layers)
    return list(dict.fromkeys(hit.group(1) for hit in hits if hit))
