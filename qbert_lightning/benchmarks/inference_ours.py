"""A quantized model of ours behind one of our runtimes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from qbert_lightning.benchmarks.contestant import (
    Answer,
    Batch,
    Contestant,
    Place,
    answers_of,
)
from qbert_lightning.export import load_checkpoint
from qbert_lightning.layers import set_int8_forward
from qbert_lightning.models import load_tokenizer
from qbert_lightning.runtimes.base import Runtime


@dataclass(frozen=True)
class Deployed(Contestant):
    """What `qbert export` writes and `qbert evaluate` asks.

    Attributes:
        runtime: What computes it.
    """

    runtime: Runtime

    def prepare(self, place: Place, batches: Sequence[Batch]) -> nn.Module:
        """Deploy the checkpoint, and match the fake-quantized model on its codes."""
        model, plan = load_checkpoint(place.model)
        self.runtime.check(plan)
        tokenizer = load_tokenizer(str(place.model))
        _deployed(place).mkdir()
        self.runtime.write(model, plan, tokenizer, _deployed(place))
        # Writing may take the model apart.
        wanted = load_checkpoint(place.model)[0]
        set_int8_forward(wanted, True)  # as it is trained and scored
        return wanted

    def load(self, place: Place) -> Answer:
        """As the runtime loads it."""
        return answers_of(self.runtime.load(_deployed(place), place.num_threads))

    def files(self, place: Place) -> Sequence[Path]:
        """The runtime's single file."""
        return [_deployed(place) / self.runtime.file_name]


def _deployed(place: Place) -> Path:
    return place.folder / "deployed"
