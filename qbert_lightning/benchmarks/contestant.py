"""What takes part in the inference benchmark: a file to ship, and answers from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from qbert_lightning.models import load_skeleton

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Batch = Mapping[str, Tensor]
Answer = Callable[[Batch], tuple[Tensor, ...]]


@dataclass(frozen=True)
class Place:
    """Where a contestant finds and leaves its files.

    Attributes:
        model: The folder of the model, in Hugging Face layout: float for peers, a
            quantized checkpoint for ours.
        folder: An existing folder of its own.
        num_threads: CPU threads it answers with.
    """

    model: Path
    folder: Path
    num_threads: int


class Contestant(ABC):
    """One way of answering, used as well as it can be.

    One process prepares its files and ends; another, fresh one loads them and answers,
    so that its memory is that of answering alone. It goes from process to process by
    its class and attributes (`described`), which are its constructor's arguments.

    Attributes:
        needs: Package to import → project to install.
        compiles: Whether it spends minutes on a compiler before its first answer.
    """

    needs: ClassVar[Mapping[str, str]] = {}
    compiles: ClassVar[bool] = False

    def prepare(self, place: Place, batches: Sequence[Batch]) -> nn.Module:
        """Write whatever `load` needs.

        Args:
            place: Where to.
            batches: What it will be asked, for formats that are traced or calibrated.

        Returns:
            The network in PyTorch whose answers it should give; the float model, unless
            the contestant says otherwise.
        """
        return float_model(place)

    @abstractmethod
    def load(self, place: Place) -> Answer:
        """Something that gives the logits of a batch of int64 ``[batch, tokens]``."""

    @abstractmethod
    def files(self, place: Place) -> Sequence[Path]:
        """What has to be shipped, configuration and tokenizer aside."""


def float_model(place: Place) -> PreTrainedModel:
    """The float model in PyTorch, in evaluation mode, and nothing beside it."""
    model = load_skeleton(place.model)
    model.load_state_dict(load_file(place.model / "model.safetensors"))
    return model


def answers_of(model: nn.Module) -> Answer:
    """Asks a network in PyTorch, without what only training needs."""

    @torch.inference_mode()
    def answer(batch: Batch) -> tuple[Tensor, ...]:
        return tuple(model(**batch).to_tuple())

    return answer
