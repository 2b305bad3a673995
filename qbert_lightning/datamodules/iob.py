"""Two ways of writing entities as tags of words."""

from __future__ import annotations

from collections.abc import Sequence


def to_iob2(tags: Sequence[str]) -> list[str]:
    """Rewrite one sentence's IOB1 tags so that every entity begins with ``B-``.

    IOB1 (the original CoNLL files) writes ``B-`` only where an entity follows
    another of its type at once (Tjong Kim Sang and Veenstra 1999). Tags that are
    IOB2 already stay as they are.

    Args:
        tags: ``O``, ``B-<type>`` or ``I-<type>`` for each word.

    Example:
        >>> to_iob2(["I-PER", "I-PER", "B-PER", "O", "I-LOC", "I-ORG"])
        ['B-PER', 'I-PER', 'B-PER', 'O', 'B-LOC', 'B-ORG']
    """
    rewritten = []
    previous = "O"
    for tag in tags:
        begins = tag.startswith("I-") and previous[2:] != tag[2:]
        rewritten.append(f"B-{tag[2:]}" if begins else tag)
        previous = tag
    return rewritten


def iob2_labels(entity_types: Sequence[str]) -> tuple[str, ...]:
    """All IOB2 tags of some entity types, ``O`` first.

    Example:
        >>> iob2_labels(["PER", "LOC"])
        ('O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC')
    """
    return ("O", *(f"{mark}-{kind}" for kind in entity_types for mark in "BI"))
