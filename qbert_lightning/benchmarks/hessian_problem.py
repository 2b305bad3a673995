"""The matrix that all contestants of the Hessian benchmark work on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from qbert_lightning.hessian import Batch, HessianOperator, safe_norm
from qbert_lightning.models import encoder_blocks, load_float, needed_tokens_only


@dataclass(frozen=True)
class HessianProblem:
    """The Hessian of a model's mean loss with respect to one encoder layer.

    Attributes:
        model: In evaluation mode, with attention that can be differentiated twice.
        batches: The data, the same for every contestant.
    """

    model: nn.Module
    batches: Sequence[Batch]

    @classmethod
    def load(cls, folder: Path, batches: Path) -> HessianProblem:
        """The problem of a saved model and of batches written by `save_batches`."""
        model, _ = load_float(folder)
        model.set_attn_implementation("eager")  # the fused kernels lack it
        return cls(model, torch.load(batches, weights_only=True))

    @staticmethod
    def layer_names(folder: Path) -> list[str]:
        """The encoder layers of a saved model, in order."""
        return list(encoder_blocks(load_float(folder)[0]))

    def loss(self, batch: Batch) -> Tensor:
        """The mean loss of a batch, a scalar."""
        inputs = {name: x for name, x in batch.items() if name != "feature_index"}
        result: Tensor = self.model(**inputs).loss
        return result

    def parameters(self, layer: str) -> list[nn.Parameter]:
        """All parameters of an encoder layer, LayerNorm and biases included."""
        return list(encoder_blocks(self.model)[layer].parameters())

    def operator(self, layer: str) -> HessianOperator:
        """Our operator for a layer of the whole model, which checks all contestants."""
        blocks = {layer: self.parameters(layer)}
        return HessianOperator(self.model, self.loss, blocks, self.batches)

    @contextmanager
    def analysed(self, layer: str) -> Iterator[HessianOperator]:
        """The operator in its ``with``, as the analysis has it."""
        with needed_tokens_only(self.model), self.operator(layer) as hessian:
            yield hessian

    def residuals(
        self, layer: str, values: Sequence[float], vectors: Sequence[Tensor]
    ) -> list[float]:
        """‖H v − λ v‖ / (|λ| ‖v‖) of claimed eigenpairs, vectors [k, size]."""
        found = []
        with self.operator(layer) as hessian:
            for value, vector in zip(values, vectors, strict=True):
                unit = vector / safe_norm(vector)
                error = safe_norm(hessian @ unit - value * unit)
                found.append(error / abs(value) if value else float("inf"))
        return found

    def warm_up(self) -> None:
        """One forward pass, so that no contestant pays for first calls."""
        with torch.no_grad():
            self.loss(self.batches[0])


def save_batches(batches: Sequence[Batch], path: Path) -> None:
    """Write batches for `HessianProblem.load`."""
    torch.save([dict(batch) for batch in batches], path)
