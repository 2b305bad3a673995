"""Rows of the embedded tasks, the same on every machine."""

from __future__ import annotations

from random import Random
from typing import Protocol
from zlib import crc32

from qbert_lightning.datamodules.rows import QuestionRow, Row, TaggedRow

# A text belongs to one split by its checksum, modulo 4.
SPLIT_RESIDUES = {"train": (0, 1), "validation": (2,), "test": (3,)}


class Grammar(Protocol):
    """Generates rows of one shape."""

    labels: tuple[str, ...] | None

    def sample(self, random: Random) -> Row:
        """Generate one row."""


def text_of(row: Row) -> str:
    """Return everything of a row that a model reads.

    Args:
        row: a row of any shape.
    """
    if isinstance(row, TaggedRow):
        return " ".join(row.words)
    if isinstance(row, QuestionRow):
        return f"{row.question} {row.context}"
    return row.text if row.pair is None else f"{row.text} {row.pair}"


def generate_rows(grammar: Grammar, seed: int, split: str, count: int) -> list[Row]:
    """Generate one split.

    The text itself decides to which split a row may belong. So no text is in two
    splits, and a split is the same whatever the sizes of the others; a larger one
    only continues a smaller one.

    Args:
        grammar: what to generate.
        seed: decides the rows, together with ``split``.
        split: a key of `SPLIT_RESIDUES`.
        count: how many rows.

    Returns:
        Rows with different texts.
    """
    random = Random(f"{split}-{seed}")
    rows: dict[str, Row] = {}
    while len(rows) < count:
        row = grammar.sample(random)
        text = text_of(row)
        if crc32(text.encode()) % 4 in SPLIT_RESIDUES[split]:
            rows.setdefault(text, row)
    return list(rows.values())
