"""Seeded choice of rows: held-out parts and samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qbert_lightning.datamodules.rows import QuestionRow, Split
from qbert_lightning.errors import QbertError


def sample_split(split: Split, max_rows: int | None, seed: int) -> Split:
    """Keep a seeded random sample of a split, in its original order.

    Args:
        split: the rows to choose from.
        max_rows: most rows to keep; None keeps all.
        seed: of the choice; the same seed gives the same rows.

    Returns:
        The split itself when it is small enough, else one whose name says how
        many of how many rows it has.

    Example:
        >>> sample_split(Split("dev", range(10), "file"), 3, seed=0).name
        'dev, 3 of 10 rows sampled with seed 0'
    """
    total = len(split.rows)
    if max_rows is None or total <= max_rows:
        return split
    chosen = np.random.default_rng(seed).permutation(total)[:max_rows]
    return replace(
        split,
        name=f"{split.name}, {max_rows} of {total} rows sampled with seed {seed}",
        rows=[split.rows[index] for index in sorted(chosen.tolist())],
    )


def hold_out(
    split: Split, fraction: float, max_rows: int, seed: int
) -> tuple[Split, Split]:
    """Part a training split in two: rows to train on and rows to select on.

    Questions of one group (an article) stay together, so that no passage is on
    both sides.

    Args:
        split: the training rows; at least two (or two groups).
        fraction: share of rows to hold out, between 0 and 1.
        max_rows: hold out at most about this many rows.
        seed: of the choice; independent of the run's seed, so that every run
            selects on the same rows.

    Returns:
        The remaining training split and the held-out split.

    Raises:
        QbertError: (code 4) the split cannot be parted.
    """
    groups = _groups(split)
    if len(groups) < 2:
        raise QbertError(
            f"{split.source}: {len(split.rows)} training rows cannot be parted into "
            "train and held-out rows: accepted at least 2 (of different passages)",
            code=4,
        )
    wanted = min(max_rows, max(1, math.floor(fraction * len(split.rows))))
    held: set[int] = set()
    order = np.random.default_rng(seed).permutation(len(groups)).tolist()
    for position in order[:-1]:
        if len(held) >= wanted:
            break
        held.update(groups[position])
    share = 100 * len(held) / len(split.rows)
    kept_rows = [row for i, row in enumerate(split.rows) if i not in held]
    held_rows = [row for i, row in enumerate(split.rows) if i in held]
    return (
        replace(split, name=f"{split.name} minus held-out rows", rows=kept_rows),
        replace(split, name=f"{share:.2g} % of {split.name}, held out", rows=held_rows),
    )


def _groups(split: Split) -> Sequence[Sequence[int]]:
    """Row numbers that must stay on one side, group by group."""
    by_group: dict[str, list[int]] = {}
    for index, row in enumerate(split.rows):
        name = row.group if isinstance(row, QuestionRow) else str(index)
        by_group.setdefault(name, []).append(index)
    return list(by_group.values())
