"""ONNX Runtime: float32, and its own dynamic int8."""

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
    float_model,
)
from qbert_lightning.benchmarks.inference_texts import INPUTS
from qbert_lightning.benchmarks.inference_traced import TracedModel, arrays


@dataclass(frozen=True)
class OnnxFloat(Contestant):
    """Float32, exported by PyTorch."""

    needs: ClassVar[Mapping[str, str]] = {"onnx": "onnx", "onnxruntime": "onnxruntime"}

    def prepare(self, place: Place, batches: Sequence[Batch]) -> nn.Module:
        """Trace the model; batch and tokens stay free."""
        model = float_model(place)
        batch = batches[0]
        with torch.no_grad():
            torch.onnx.export(
                TracedModel(model).eval(),
                tuple(batch[name] for name in INPUTS),
                self.file(place),
                input_names=list(INPUTS),
                dynamic_axes={name: {0: "batch", 1: "tokens"} for name in INPUTS},
                opset_version=17,
                dynamo=False,  # the other exporter needs onnxscript
            )
        return model

    def load(self, place: Place) -> Answer:
        """A session on the CPU."""
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = place.num_threads
        session = InferenceSession(
            self.file(place), options, providers=["CPUExecutionProvider"]
        )

        def answer(batch: Batch) -> tuple[torch.Tensor, ...]:
            return tuple(map(torch.from_numpy, session.run(None, arrays(batch))))

        return answer

    def files(self, place: Place) -> Sequence[Path]:
        """The graph with its weights."""
        return [self.file(place)]

    def file(self, place: Place) -> Path:
        """Where the graph is."""
        return place.folder / "model.onnx"


@dataclass(frozen=True)
class OnnxInt8(OnnxFloat):
    """`onnxruntime.quantization.quantize_dynamic`, as it comes."""

    def prepare(self, place: Place, batches: Sequence[Batch]) -> nn.Module:
        """Quantize the exported graph."""
        from onnxruntime.quantization import quantize_dynamic

        exported = OnnxFloat()
        model = exported.prepare(place, batches)
        quantize_dynamic(exported.file(place), self.file(place))
        return model

    def file(self, place: Place) -> Path:
        """Beside the float graph it was made from."""
        return place.folder / "model-int8.onnx"
