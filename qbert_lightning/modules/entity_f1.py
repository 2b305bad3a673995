"""Entity-level precision, recall and F1."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchmetrics import Metric

from qbert_lightning.datamodules.collate import IGNORED_LABEL


def entities(tags: Sequence[str]) -> set[tuple[str, int, int]]:
    """Entities of one sentence of IOB tags.

    An ``I-`` tag after ``O`` or after another type begins an entity, as the
    CoNLL-2000 scorer has it; predictions may hold such tags.

    Args:
        tags: ``O``, ``B-<type>`` or ``I-<type>`` for each word.

    Returns:
        Type, first word and word after the last, of each entity.

    Example:
        >>> sorted(entities(["B-PER", "I-PER", "O", "I-LOC"]))
        [('LOC', 3, 4), ('PER', 0, 2)]
    """
    found = set()
    start, kind = 0, ""
    for position, tag in enumerate([*tags, "O"]):
        if kind and tag != f"I-{kind}":
            found.add((kind, start, position))
            kind = ""
        if tag != "O" and not kind:
            start, kind = position, tag[2:]
    return found


class EntityF1(Metric):
    """Micro-averaged scores over all entities; one counts when type and ends match.

    Args:
        labels: tags by class number.
    """

    full_state_update = False
    correct: Tensor
    predicted: Tensor
    expected: Tensor

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__()
        self.labels = list(labels)
        for name in ("correct", "predicted", "expected"):
            self.add_state(
                name, torch.zeros((), dtype=torch.long), dist_reduce_fx="sum"
            )

    def update(self, predictions: Tensor, labels: Tensor) -> None:
        """Count the entities of a batch.

        Args:
            predictions: [batch, length] class numbers.
            labels: [batch, length] class numbers; ignored ones belong to no word.
        """
        for guessed, true in zip(predictions.tolist(), labels.tolist(), strict=True):
            kept = [index for index, tag in enumerate(true) if tag != IGNORED_LABEL]
            ours = entities([self.labels[guessed[index]] for index in kept])
            theirs = entities([self.labels[true[index]] for index in kept])
            self.correct += len(ours & theirs)
            self.predicted += len(ours)
            self.expected += len(theirs)

    def compute(self) -> dict[str, Tensor]:
        """Scores from 0 to 1; 0 where nothing was predicted or expected."""
        correct = self.correct.float()
        both = (self.predicted + self.expected).clamp(min=1)
        return {
            "f1": 2 * correct / both,
            "precision": correct / self.predicted.clamp(min=1),
            "recall": correct / self.expected.clamp(min=1),
        }
