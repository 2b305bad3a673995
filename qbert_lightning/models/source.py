"""Where a float model comes from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import transformers
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError

HEADS: dict[str, Any] = {
    "sequence_classification": transformers.AutoModelForSequenceClassification,
    "token_classification": transformers.AutoModelForTokenClassification,
    "question_answering": transformers.AutoModelForQuestionAnswering,
}
"""Task heads and the classes that build them."""


class ModelSource(ABC):
    """Makes the float model of a task, and the tokenizer that goes with it."""

    @abstractmethod
    def tokenizer(self) -> PreTrainedTokenizerBase | None:
        """The model's own tokenizer; None leaves the choice to the task."""

    @abstractmethod
    def build(
        self,
        head: str,
        labels: Sequence[str] | None,
        tokenizer: PreTrainedTokenizerBase,
    ) -> PreTrainedModel:
        """Make the model.

        Args:
            head: a key of `HEADS`.
            labels: class names; None for regression and span extraction.
            tokenizer: the tokenizer the model will be fed with.

        Returns:
            A float32 model in evaluation mode.

        Raises:
            QbertError: (code 2) an unknown head; (code 3) the hub does not answer;
                (code 4) a folder that is missing or does not fit.
        """


def head_class(head: str) -> Any:
    """The class that builds a head.

    Raises:
        QbertError: (code 2) the head is not one of `HEADS`.
    """
    if head not in HEADS:
        raise QbertError(f"head={head}: accepted {', '.join(HEADS)}")
    return HEADS[head]


def label_settings(head: str, labels: Sequence[str] | None) -> dict[str, Any]:
    """Configuration entries that describe a task's outputs.

    Args:
        head: a key of `HEADS`.
        labels: class names; None for regression and span extraction.

    Example:
        >>> label_settings("sequence_classification", None)["problem_type"]
        'regression'
    """
    if head == "question_answering":
        return {"num_labels": 2}
    if labels is None:
        return {"num_labels": 1, "problem_type": "regression"}
    return {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: index for index, label in enumerate(labels)},
        "problem_type": (
            "single_label_classification" if head == "sequence_classification" else None
        ),
    }
