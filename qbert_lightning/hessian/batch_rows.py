"""Batches as single rows, and rows put together as batches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.batch import Batch

_MASK = "attention_mask"
# Where tokens are missing nothing is looked at, and no label counts.
_LABELS = "labels"
_PADDING = {_LABELS: -100}


def rows_of(batches: Sequence[Batch]) -> list[Batch]:
    """Every row as a batch of its own, without the padding behind it.

    Raises:
        QbertError: Without ``labels`` beside the mask, as for spans, whose loss is a
            softmax over padding too, so that a row has no loss of its own.

    >>> table = {"x": torch.arange(6).view(2, 3), "y": torch.tensor([1, 0])}
    >>> rows_of([table])[1]
    {'x': tensor([[3, 4, 5]]), 'y': tensor([0])}
    """
    rows = []
    for batch in batches:
        if _MASK in batch and _LABELS not in batch:
            raise QbertError(
                "a stratified trace: the loss depends on padding: accepted tasks with "
                "labels, or sensitivity.estimator=hutchinson"
            )
        for index in range(len(next(iter(batch.values())))):
            rows.append(_trimmed({k: x[index : index + 1] for k, x in batch.items()}))
    return rows


def num_tokens(row: Batch) -> int:
    """Tokens of a row; 1 where there are none.

    >>> num_tokens({"attention_mask": torch.ones(1, 7)})
    7
    """
    return int(row[_MASK].shape[1]) if _MASK in row else 1


def together(rows: Sequence[Batch]) -> Batch:
    """Rows as one batch, padded to the longest.

    >>> rows = [{"attention_mask": torch.ones(1, length)} for length in (2, 1)]
    >>> together(rows)["attention_mask"]
    tensor([[1., 1.],
            [1., 0.]])
    """
    longest = max(num_tokens(row) for row in rows)
    return {
        key: torch.cat([_padded(key, row, longest) for row in rows]) for key in rows[0]
    }


def _trimmed(row: Batch) -> Batch:
    if _MASK not in row:
        return row
    [seen] = row[_MASK][0].nonzero(as_tuple=True)
    if not len(seen):  # attention is the mean over all, padding too
        return row
    end = int(seen.max()) + 1
    return {
        key: value[:, :end] if _goes_by_token(value, row) else value
        for key, value in row.items()
    }


def _padded(key: str, row: Batch, longest: int) -> Tensor:
    value = row[key]
    if _MASK not in row or not _goes_by_token(value, row):
        return value
    missing = value.new_full(
        (1, longest - value.shape[1], *value.shape[2:]), _PADDING.get(key, 0)
    )
    return torch.cat([value, missing], dim=1)


def _goes_by_token(value: Tensor, row: Batch) -> bool:
    return value.ndim > 1 and value.shape[1] == row[_MASK].shape[1]
