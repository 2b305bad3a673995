"""Who takes part in the inference benchmark beside ours, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from importlib.util import find_spec

from qbert_lightning.benchmarks.contestant import Contestant
from qbert_lightning.benchmarks.inference_onnx import OnnxFloat, OnnxInt8
from qbert_lightning.benchmarks.inference_openvino import OpenVinoFloat, OpenVinoInt8
from qbert_lightning.benchmarks.inference_torch import (
    TorchaoInt8,
    TorchCompiled,
    TorchFloat,
    TorchInt8,
)

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
}


def missing(contestant: Contestant) -> str | None:
    """What a contestant lacks and how to get it, if anything."""
    absent = [
        project
        for package, project in contestant.needs.items()
        if find_spec(package) is None
    ]
    return f"not installed: pip install {' '.join(absent)}" if absent else None


def versions() -> dict[str, str | None]:
    """Versions of all that peers are made of, None for what is not installed."""
    projects = {each for peer in PEERS.values() for each in peer.needs.values()}
    found: dict[str, str | None] = {}
    for project in ("torch", *sorted(projects)):
        try:
            found[project] = metadata.version(project)
        except metadata.PackageNotFoundError:
            found[project] = None
    return found
