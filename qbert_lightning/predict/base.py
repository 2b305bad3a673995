"""What the three kinds of tasks share: rows in, model outputs, answers out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from qbert_lightning.datamodules import Feature, Row
from qbert_lightning.datamodules.collate import Collate
from qbert_lightning.export.task_card import TaskCard

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Fields = Mapping[str, Any]
MODEL_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@dataclass(frozen=True)
class Asked:
    """Something to answer.

    Attributes:
        fields: the input as it is repeated beside the answer.
        row: the same for the task's encoding.
    """

    fields: Fields
    row: Row


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to answer.

    Attributes:
        model: in evaluation mode.
        tokenizer: its tokenizer.
        card: how its task is encoded.
        batch_size: inputs computed at once.
    """

    model: nn.Module
    tokenizer: PreTrainedTokenizerBase
    card: TaskCard
    batch_size: int

    @torch.inference_mode()
    def outputs(self, features: Sequence[Feature]) -> list[tuple[Tensor, ...]]:
        """Logits of each input, computed with others of similar length.

        Args:
            features: model inputs of any number.

        Returns:
            For each input its outputs, float32: [labels], or [padded length, labels],
            or start and end [padded length].
        """
        collate = Collate(self.tokenizer.pad_token_id)
        inputs = [{k: one[k] for k in MODEL_INPUTS if k in one} for one in features]
        lengths = [np.size(one["input_ids"]) for one in inputs]
        order = sorted(range(len(inputs)), key=lengths.__getitem__)
        found: dict[int, tuple[Tensor, ...]] = {}
        for first in range(0, len(order), self.batch_size):
            numbers = order[first : first + self.batch_size]
            outputs = self.model(**collate([inputs[number] for number in numbers]))
            columns = [column.float().cpu() for column in outputs.to_tuple()]
            found.update(zip(numbers, zip(*columns, strict=True), strict=True))
        return [found[number] for number in range(len(inputs))]


class Predictor(ABC):
    """Reads what one kind of task is asked, and answers it.

    Args:
        loaded: the model.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded

    @abstractmethod
    def from_text(self, text: str) -> Asked:
        """What a line of text asks.

        Raises:
            ValueError: saying what is accepted.
        """

    @abstractmethod
    def from_fields(self, fields: Fields) -> Asked:
        """What a JSON object asks.

        Raises:
            ValueError: saying what is accepted.
        """

    @abstractmethod
    def answers(self, asked: Sequence[Asked]) -> list[dict[str, Any]]:
        """The fields that answer each input."""

    @abstractmethod
    def line(self, answer: Fields) -> str:
        """An answer for people, in one line."""

    def from_arguments(self, texts: Sequence[str]) -> list[Asked]:
        """What the texts of a command line ask, each for itself."""
        return [self.from_text(text) for text in texts]
