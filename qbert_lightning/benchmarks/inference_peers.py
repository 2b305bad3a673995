"""Who takes part in the inference benchmark beside ours, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping

from qbert_lightning.benchmarks.contestant import Contestant
from qbert_lightning.benchmarks.inference_onnx import OnnxFloat, OnnxInt8
from qbert_lightning.benchmarks.inference_openvino import (
    OpenVinoFloat,
    OpenVinoInt8,
    OpenVinoInt8Fixed,
)
from qbert_lightning.benchmarks.inference_torch import (
    TorchaoInt8,
    TorchCompiled,
    TorchFloat,
    TorchInt8,
)
from qbert_lightning.benchmarks.installed import installed_versions

UNIT = "PyTorch float32"
PEERS: Mapping[str, Contestant] = {
    UNIT: TorchFloat(),
    "PyTorch float32 compiled": TorchCompiled(),
    "torch.ao dynamic int8": TorchInt8(),
    "torchao dynamic int8 compiled": TorchaoInt8(),
    "ONNX Runtime float32": OnnxFloat(),
    "ONNX Runtime dynamic int8": OnnxInt8(),
    "OpenVINO float32": OpenVinoFloat(),
    "OpenVINO int8 (NNCF)": OpenVinoInt8(),
    "OpenVINO int8 (NNCF), one length": OpenVinoInt8Fixed(),
}


def versions() -> dict[str, str | None]:
    """Versions of all that peers are made of, None for what is not installed."""
    projects = {each for peer in PEERS.values() for each in peer.needs.values()}
    return installed_versions({"torch", *projects})
