"""The best answer in each window of a passage, from its start and end logits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from qbert_lightning.datamodules.span_encoding import Window


class BestSpans(NamedTuple):
    """One span for each window.

    Attributes:
        score: [batch], the sum of its two logits; -inf where no span is allowed.
        start: [batch], its first token.
        end: [batch], its last token.
    """

    score: Tensor
    start: Tensor
    end: Tensor


def best_spans(
    start_logits: Tensor,
    end_logits: Tensor,
    windows: Sequence[Window],
    n_best: int,
    max_answer_length: int,
) -> BestSpans:
    """The pair of the ``n_best`` starts and ends with the highest sum of logits.

    A pair is allowed that ends no earlier than it starts, lies in the passage and is
    at most ``max_answer_length`` tokens long (``run_squad.py`` of BERT's release).

    Args:
        start_logits: [batch, length].
        end_logits: [batch, length].
        windows: the batch's windows.
        n_best: starts and ends considered.
        max_answer_length: most tokens of a span.
    """
    passage = _passage(windows, start_logits)
    count = min(n_best, start_logits.shape[1])
    starts = start_logits.float().masked_fill(~passage, -torch.inf).topk(count)
    ends = end_logits.float().masked_fill(~passage, -torch.inf).topk(count)
    scores = starts.values[:, :, None] + ends.values[:, None, :]
    length = ends.indices[:, None, :] - starts.indices[:, :, None] + 1
    allowed = (length >= 1) & (length <= max_answer_length)
    best = scores.masked_fill(~allowed, -torch.inf).flatten(1).max(dim=1)
    row = torch.arange(len(windows), device=best.indices.device)
    return BestSpans(
        best.values,
        starts.indices[row, best.indices // count],
        ends.indices[row, best.indices % count],
    )


def _passage(windows: Sequence[Window], logits: Tensor) -> Tensor:
    """Which tokens [batch, length] are of the passage."""
    passage = np.zeros(logits.shape, dtype=bool)
    for row, window in zip(passage, windows, strict=True):
        row[: len(window.offsets)] = window.offsets[:, 0] >= 0
    return torch.from_numpy(passage).to(logits.device)
