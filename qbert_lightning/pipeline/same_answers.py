"""How far the answers of one model are from those of another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from qbert_lightning.errors import FAILED, QbertError

if TYPE_CHECKING:
    from qbert_lightning.datamodules import Batch

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@dataclass
class Difference:
    """What two models' logits on the same inputs came to.

    Attributes:
        largest_logit_difference: Over all logits, those of padding left out.
        answers: Places with an answer: rows, or tokens; a start and an end of a span.
        different_answers: Those where another logit is the largest.
        checked_examples: Rows of input.
    """

    largest_logit_difference: float = 0.0
    answers: int = 0
    different_answers: int = 0
    checked_examples: int = 0

    def to_json(self) -> dict[str, float | int]:
        """Plain JSON types."""
        return asdict(self)


@torch.no_grad()
def difference(
    model: nn.Module, other: nn.Module, batches: Iterable[Batch]
) -> Difference:
    """Compare the logits of two models.

    Args:
        model: Takes ``input_ids`` and the like, and returns a `ModelOutput`.
        other: Likewise; of the same outputs.
        batches: Of a data module; labels are left out.

    Raises:
        QbertError: If a logit is not finite (code 1).
    """
    found = Difference()
    for batch in batches:
        inputs = {name: batch[name] for name in INPUTS if name in batch}
        mask = batch["attention_mask"].bool()
        found.checked_examples += len(mask)
        outputs = (model(**inputs).to_tuple(), other(**inputs).to_tuple())
        for ours, theirs in zip(*outputs, strict=True):
            _add(found, _of_tokens(ours, mask), _of_tokens(theirs, mask))
    return found


def _of_tokens(logits: Tensor, mask: Tensor) -> Tensor:
    """Logits ``[answers, choices]``, without those of padding.

    Tags are ``[batch, tokens, tags]``, starts and ends ``[batch, tokens]``; what is
    not as long as the input is one answer a row.
    """
    lowest = torch.finfo(logits.dtype).min  # never the answer, and no difference
    if logits.shape == mask.shape:
        return logits.masked_fill(~mask, lowest)
    return logits[mask] if logits.shape[:2] == mask.shape else logits


def _add(found: Difference, ours: Tensor, theirs: Tensor) -> None:
    largest = float((ours - theirs).abs().max())
    if not isfinite(largest):  # no maximum would keep it
        raise QbertError(f"logits differ by {largest}: accepted finite ones", FAILED)
    found.largest_logit_difference = max(found.largest_logit_difference, largest)
    found.answers += len(ours)
    found.different_answers += int((ours.argmax(-1) != theirs.argmax(-1)).sum())
