"""A runtime that computes nothing of its own: the checkpoint itself, answered from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from qbert_lightning.errors import ENVIRONMENT, QbertError
from qbert_lightning.export import load_checkpoint, save_checkpoint
from qbert_lightning.plan import QuantPlan
from qbert_lightning.runtimes.base import Runtime


@dataclass(frozen=True)
class FakeRuntime(Runtime):
    """Answers like the checkpoint, off by a number that the test chooses."""

    file_name: ClassVar[str] = "model.safetensors"

    off_by: float = 0.0
    is_installed: bool = True

    def check(self, plan: QuantPlan) -> None:
        if not self.is_installed:
            raise QbertError("runtime=fake: needs pip install fake", ENVIRONMENT)

    def write(
        self,
        model: PreTrainedModel,
        plan: QuantPlan,
        tokenizer: PreTrainedTokenizerBase,
        folder: Path,
    ) -> None:
        with torch.no_grad():
            model.classifier.bias[0] += self.off_by
        save_checkpoint(model, plan, tokenizer, folder)

    def load(self, folder: Path, num_threads: int | None = None) -> nn.Module:
        return load_checkpoint(folder)[0]
