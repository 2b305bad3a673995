"""OpenVINO: float32, and int8 as NNCF calibrates it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from qbert_lightning.benchmarks.contestant import (
    Answer,
    Batch,
    Contestant,
    Place,
    float_model,
)
from qbert_lightning.benchmarks.inference_traced import TracedModel, arrays


@dataclass(frozen=True)
class OpenVinoFloat(Contestant):
    """Float32, converted by OpenVINO."""

    needs: ClassVar[Mapping[str, str]] = {"openvino": "openvino"}
    # On some processors it would compute in bfloat16 without being told.
    options: ClassVar[dict[str, Any]] = {"INFERENCE_PRECISION_HINT": "f32"}

    def prepare(self, place: Place, batches: Sequence[Batch]) -> nn.Module:
        """Trace the model; batch and tokens stay free."""
        import openvino

        model = float_model(place)
        with torch.no_grad():
            traced = openvino.convert_model(
                TracedModel(model).eval(), example_input=dict(batches[0])
            )
        graph = self._changed(traced, batches)
        openvino.save_model(graph, self._file(place), compress_to_fp16=False)
        return model

    def load(self, place: Place) -> Answer:
        """Compiled for the CPU, for short answers."""
        import openvino

        options = {
            "INFERENCE_NUM_THREADS": place.num_threads,
            "PERFORMANCE_HINT": "LATENCY",
            **self.options,
        }
        compiled = openvino.Core().compile_model(self._file(place), "CPU", options)

        def answer(batch: Batch) -> tuple[torch.Tensor, ...]:
            return tuple(map(torch.from_numpy, compiled(arrays(batch)).values()))

        return answer

    def files(self, place: Place) -> Sequence[Path]:
        """Graph and weights."""
        return [self._file(place), self._file(place).with_suffix(".bin")]

    def _file(self, place: Place) -> Path:
        return place.folder / "model.xml"

    def _changed(self, graph: Any, batches: Sequence[Batch]) -> Any:
        return graph


@dataclass(frozen=True)
class OpenVinoInt8(OpenVinoFloat):
    """Weights and activations in int8, calibrated on the batches it is asked."""

    needs: ClassVar[Mapping[str, str]] = {"openvino": "openvino", "nncf": "nncf"}
    options: ClassVar[dict[str, Any]] = {}  # what is left in float, as it comes

    def _changed(self, graph: Any, batches: Sequence[Batch]) -> Any:
        import nncf

        return nncf.quantize(
            graph,
            nncf.Dataset([arrays(batch) for batch in batches]),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(batches),
        )


@dataclass(frozen=True)
class OpenVinoInt8Fixed(OpenVinoInt8):
    """The same, compiled for one row of the batches' length; rows are asked in turn."""

    def load(self, place: Place) -> Answer:
        """What answers row by row."""
        one = super().load(place)

        def answer(batch: Batch) -> tuple[torch.Tensor, ...]:
            rows = [
                one({name: ids[row : row + 1] for name, ids in batch.items()})
                for row in range(len(batch["input_ids"]))
            ]
            return tuple(map(torch.cat, zip(*rows, strict=True)))

        return answer

    def _changed(self, graph: Any, batches: Sequence[Batch]) -> Any:
        graph = super()._changed(graph, batches)
        tokens = batches[0]["input_ids"].shape[1]
        graph.reshape({each.get_any_name(): [1, tokens] for each in graph.inputs})
        return graph
