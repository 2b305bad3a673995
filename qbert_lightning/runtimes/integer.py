"""PyTorch on CPU: weights stay packed at their true bits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from qbert_lightning.export import load_packed, save_packed
from qbert_lightning.plan import QuantPlan
from qbert_lightning.runtimes.base import Runtime

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class Integer(Runtime):
    """The packed model of `qbert_lightning.export`, run as integers by PyTorch."""

    file_name = "model.safetensors"

    def check(self, plan: QuantPlan) -> None:
        """Every plan can be run."""

    def write(  # noqa: D102
        self,
        model: PreTrainedModel,
        plan: QuantPlan,
        tokenizer: PreTrainedTokenizerBase,
        folder: Path,
    ) -> None:
        save_packed(model, plan, tokenizer, folder)

    def load(self, folder: Path, num_threads: int | None = None) -> nn.Module:  # noqa: D102
        return load_packed(folder)[0]
