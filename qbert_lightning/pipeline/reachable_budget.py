"""Refuses a budget that no choice among the candidate widths can meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qbert_lightning.allocation import Megabytes
from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.stored_by_shapes import encoder_parameters, stored_sizes

Node = Mapping[str, Any]
Shapes = Mapping[str, tuple[int, ...]]


def check_budget(
    allocator: Node, rules: Node, blocks: Sequence[str], shapes: Shapes
) -> None:
    """Check widths and budget before anything is trained.

    Megabytes are compared to the byte with what a file holds of an encoder at its
    smallest; where blocks reach beyond it, the rest is known only with the model, and
    the allocator checks again.

    Args:
        allocator: The configuration's node.
        rules: Its ``quant.rules``.
        blocks: Names of the blocks that share the budget, as far as they are known.
        shapes: Layer → weight shape, as far as they are known.

    Raises:
        QbertError: (code 2) naming key, value and what is accepted.
    """
    candidates = allocator.get("candidate_bits")
    if not candidates:
        if candidates is not None:
            raise QbertError("allocator.candidate_bits=[]: accepted widths from 2..8")
        return
    average, megabytes = allocator.get("average_bits"), allocator.get("megabytes")
    has_budget = {"average_bits", "megabytes"} & set(allocator)
    if has_budget and (average is None) == (megabytes is None):
        raise QbertError(
            f"allocator.average_bits={_null(average)} and "
            f"allocator.megabytes={_null(megabytes)}: accepted exactly one of them, "
            "the other null"
        )
    low, high = min(candidates), max(candidates)
    if average is not None and not low <= average <= high:
        raise QbertError(
            f"allocator.average_bits={average}: accepted {low}..{high}, the range of "
            f"allocator.candidate_bits={candidates}"
        )
    if megabytes is not None and blocks:
        parameters = encoder_parameters(shapes)
        sizes = stored_sizes(rules, parameters, blocks, candidates)
        Megabytes(megabytes).check_reachable(sizes or {}, candidates)


def _null(value: object) -> str:
    return "null" if value is None else str(value)
