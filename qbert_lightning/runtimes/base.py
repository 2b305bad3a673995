"""What every runtime offers: a file to ship, and a model that answers from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from torch import nn

from qbert_lightning.plan import QuantPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Runtime(ABC):
    """A way of running a quantized model as integers.

    A subclass stands in a file of its own, with a YAML in ``conf/runtime``; its
    constructor takes what is the user's choice and imports nothing heavy.

    Attributes:
        file_name: The single file that holds the deployed network, codes and all.
        tokens: Every text is padded to so many, and longer ones are refused; `None`:
            texts of any length that the model has positions for.
    """

    file_name: ClassVar[str]
    tokens: int | None = None

    @abstractmethod
    def check(self, plan: QuantPlan) -> None:
        """Refuse a plan that this runtime cannot compute, before any work is done.

        Args:
            plan: Layer name → scheme.

        Raises:
            QbertError: (code 2) naming layer, what it asks for and what is accepted;
                (code 3) if the runtime is not installed, naming the extra.
        """

    @abstractmethod
    def write(
        self,
        model: PreTrainedModel,
        plan: QuantPlan,
        tokenizer: PreTrainedTokenizerBase,
        folder: Path,
    ) -> None:
        """Write a deployable folder.

        Args:
            model: A quantized model with its plan applied, as `load_checkpoint` gives
                it: weights in floating point, quantizers live, evaluation mode.
            plan: Its plan.
            tokenizer: Saved beside it.
            folder: An existing folder with nothing in it but, perhaps, a task card.
                Gets `file_name`, ``config.json`` and the tokenizer (Hugging Face
                layout), so that it answers on its own.

        Raises:
            QbertError: If the runtime refuses its own file (code 1).
        """

    @abstractmethod
    def load(self, folder: Path, num_threads: int | None = None) -> nn.Module:
        """A model that answers from a folder that `write` filled.

        Args:
            folder: The folder.
            num_threads: CPU threads; `None` leaves PyTorch's own number. A runtime that
                computes with PyTorch sets that number, which is the whole process's.

        Returns:
            A module called like the float model (``input_ids``, ``attention_mask`` and
            ``token_type_ids``, int64 ``[batch, tokens]`` of any size; ``labels`` and
            the like are ignored) that returns the same type of output with the same
            logits up to rounding, and has the same ``config``.

        Raises:
            QbertError: If the file is missing, altered or not the runtime's (code 4).
        """
