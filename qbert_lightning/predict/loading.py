"""Which runtime a folder is for, and its model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qbert_lightning.errors import DATA, QbertError

if TYPE_CHECKING:
    from torch import nn


def _load_packed(folder: Path) -> nn.Module:
    from qbert_lightning.export import load_packed

    return load_packed(folder)[0]


def _load_float(folder: Path) -> nn.Module:
    from qbert_lightning.models import load_float

    return load_float(folder)[0]


def _through(runtime: str) -> Callable[[Path], nn.Module]:
    """Through a class of `qbert_lightning.runtimes`, imported when it is used."""

    def load(folder: Path) -> nn.Module:
        from qbert_lightning import runtimes

        model: nn.Module = getattr(runtimes, runtime)().load(folder)
        return model

    return load


@dataclass(frozen=True)
class FolderKind:
    """A kind of folder that can be answered from.

    Attributes:
        files: what it holds, told from other kinds by that.
        load: its model, called like the float model (see `runtimes.Runtime.load`).
    """

    files: tuple[str, ...]
    load: Callable[[Path], nn.Module]


PACKED = "packed"
# The first that fits is taken. The files are spelt out, as nothing heavy is imported to
# list the choices; a test compares them with each runtime's `file_name`.
RUNTIMES: Mapping[str, FolderKind] = {
    "openvino": FolderKind(("openvino.safetensors",), _through("OpenVino")),
    "onnxruntime": FolderKind(("model.onnx",), _through("OnnxRuntime")),
    PACKED: FolderKind(("model.safetensors", "plan.json"), _load_packed),
    "integer": FolderKind(("model.safetensors", "plan.json"), _through("Integer")),
    "float": FolderKind(("model.safetensors",), _load_float),
}


def load_model(folder: Path, runtime: str | None) -> nn.Module:
    """A model to answer with, in evaluation mode.

    Args:
        folder: of the model.
        runtime: a key of `RUNTIMES`; None for the first that fits the folder.

    Raises:
        QbertError: (code 4) the folder holds none, or a broken one.
    """
    return RUNTIMES[runtime or _runtime_of(folder)].load(folder)


def _runtime_of(folder: Path) -> str:
    for name, kind in RUNTIMES.items():
        if all((folder / file).is_file() for file in kind.files):
            return name
    accepted = " | ".join(" + ".join(kind.files) for kind in RUNTIMES.values())
    raise QbertError(f"{folder}: no model in it: accepted {accepted}", DATA)
