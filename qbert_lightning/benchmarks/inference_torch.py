"""PyTorch's own ways of answering: float32, and what it calls dynamic int8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import nn

from qbert_lightning.benchmarks.contestant import (
    Answer,
    Batch,
    Contestant,
    Place,
    answers_of,
    float_model,
)


@dataclass(frozen=True)
class TorchFloat(Contestant):
    """Float32 in eager mode: the unit of all others."""

    def load(self, place: Place) -> Answer:
        """`from_pretrained`."""
        return answers_of(float_model(place))

    def files(self, place: Place) -> Sequence[Path]:
        """The model's own."""
        return [place.model / "model.safetensors"]


@dataclass(frozen=True)
class TorchCompiled(TorchFloat):
    """Float32 through `torch.compile`, once for each shape."""

    compiles: ClassVar[bool] = True

    def load(self, place: Place) -> Answer:
        """The eager model, compiled at its first answer of a shape."""
        return answers_of(torch.compile(float_model(place), dynamic=False))


@dataclass(frozen=True)
class TorchInt8(Contestant):
    """`torch.ao`: int8 weights, activations quantized as they come."""

    def prepare(self, place: Place, batches: Sequence[Batch]) -> nn.Module:
        """Write the quantized state, for its size."""
        model = float_model(place)
        torch.save(self._quantized(model).state_dict(), place.folder / "model.pt")
        return model

    def load(self, place: Place) -> Answer:
        """Its state does not load without pickle, so it quantizes again."""
        return answers_of(self._quantized(float_model(place)))

    def files(self, place: Place) -> Sequence[Path]:
        """The quantized state."""
        return [place.folder / "model.pt"]

    def _quantized(self, model: nn.Module) -> nn.Module:
        from torch.ao.quantization import quantize_dynamic

        quantized: nn.Module = quantize_dynamic(model, {nn.Linear}, torch.qint8)
        return quantized


@dataclass(frozen=True)
class TorchaoInt8(TorchInt8):
    """The same by torchao, which is made to be compiled."""

    needs: ClassVar[Mapping[str, str]] = {"torchao": "torchao"}
    compiles: ClassVar[bool] = True

    def prepare(self, place: Place, batches: Sequence[Batch]) -> nn.Module:
        """Write the quantized state, for its size; torchao quantizes in place."""
        super().prepare(place, batches)
        return float_model(place)

    def load(self, place: Place) -> Answer:
        """Compiled at its first answer of a shape."""
        model = self._quantized(float_model(place))
        return answers_of(torch.compile(model, dynamic=False))

    def _quantized(self, model: nn.Module) -> nn.Module:
        from torchao.quantization import (
            Int8DynamicActivationInt8WeightConfig,
            quantize_,
        )

        quantize_(model, Int8DynamicActivationInt8WeightConfig())
        return model
