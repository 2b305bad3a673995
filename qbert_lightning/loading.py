"""What a path can stand for, and the model there: one table for loading and answering.

Nothing heavy is imported before a model is loaded, so that the table can be listed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from qbert_lightning.errors import DATA, USAGE, QbertError
from qbert_lightning.hub_name import hub_name

if TYPE_CHECKING:
    from torch import nn

MODEL_FILE = "model.safetensors"
PLAN_FILE = "plan.json"


@dataclass(frozen=True)
class ModelKind:
    """A kind of folder with a model, and a way of computing with it.

    Attributes:
        what: In words, for messages.
        holds: Files that are there.
        load: Folder → the model in evaluation mode, called like the float model.
        lacks: Files that are not.
        packed: Whether the weights are codes; None where the files tell it.
    """

    what: str
    holds: tuple[str, ...]
    load: Callable[[Path], nn.Module]
    lacks: tuple[str, ...] = ()
    packed: bool | None = None

    def fits(self, folder: Path) -> bool:
        """Whether a folder is of this kind.

        Raises:
            QbertError: (code 4) the header of its file is broken.
        """
        if not all((folder / name).is_file() for name in self.holds):
            return False
        if any((folder / name).exists() for name in self.lacks):
            return False
        return self.packed is None or self.packed == _holds_codes(folder)

    def is_among(self, patterns: Sequence[str]) -> bool:
        """Whether all its files are fetched when files of these patterns are."""
        return all(
            any(fnmatch(name, pattern) for pattern in patterns) for name in self.holds
        )


def _from(package: str, function: str) -> Callable[[Path], nn.Module]:
    """The model that a function of ours gives first."""

    def load(folder: Path) -> nn.Module:
        module = import_module(f"qbert_lightning.{package}")
        model: nn.Module = getattr(module, function)(folder)[0]
        return model

    return load


def _through(runtime: str) -> Callable[[Path], nn.Module]:
    """Through a class of `qbert_lightning.runtimes`."""

    def load(folder: Path) -> nn.Module:
        runtimes = import_module("qbert_lightning.runtimes")
        model: nn.Module = getattr(runtimes, runtime)().load(folder)
        return model

    return load


def _holds_codes(folder: Path) -> bool:
    from qbert_lightning.export.locate import holds_codes

    return holds_codes(folder)


_QUANTIZED = (MODEL_FILE, PLAN_FILE)
# In a folder the first that fits is taken. Last is what the hub is asked for last, so
# that a repository and a copy of it are the same model. A test compares the files with
# what the runtimes write.
KINDS: Mapping[str, ModelKind] = {
    "openvino": ModelKind(
        "a model for OpenVINO", ("openvino.safetensors",), _through("OpenVino")
    ),
    "packed": ModelKind(
        "a packed model", _QUANTIZED, _from("export", "load_packed"), packed=True
    ),
    "integer": ModelKind(
        "a packed model", _QUANTIZED, _through("Integer"), packed=True
    ),
    "checkpoint": ModelKind(
        "a quantized checkpoint",
        _QUANTIZED,
        _from("export", "load_checkpoint"),
        packed=False,
    ),
    "float": ModelKind(
        "a float model", (MODEL_FILE,), _from("models", "load_float"), (PLAN_FILE,)
    ),
    "onnxruntime": ModelKind(
        # Many a float model has a file of that name beside it, but no plan.
        "a model for ONNX Runtime",
        ("model.onnx", PLAN_FILE),
        _through("OnnxRuntime"),
    ),
}

COMPUTES: Mapping[str, tuple[str, ...]] = {
    "float": ("packed", "checkpoint", "float"),
    "integer": ("integer",),
}
"""Ways of computing → what they compute with, of `KINDS`."""


@dataclass(frozen=True)
class FoundModel:
    """Where a model is, and as what it is loaded.

    Attributes:
        folder: That of the model itself.
        kind: One of `KINDS`.
    """

    folder: Path
    kind: str

    def load(self) -> nn.Module:
        """The model.

        Raises:
            QbertError: (code 3) what computes is not installed; (code 4) a file is
                missing, altered or does not fit.
        """
        with _readable(self.folder):
            return KINDS[self.kind].load(self.folder)


def load_model(path: str | Path, compute: str = "float") -> nn.Module:
    """See `qbert_lightning.load`."""
    if compute not in COMPUTES:
        raise QbertError(f"compute={compute!r}: accepted {', '.join(COMPUTES)}")
    return find_model(path, COMPUTES[compute], f"compute={compute!r}").load()


def find_model(
    path: str | Path, kinds: Sequence[str] = tuple(KINDS), asked: str = ""
) -> FoundModel:
    """The model that a path or a hub name stands for.

    Args:
        path: A folder with a model, the folder of a run, or a hub name ``owner/name``
            or ``owner/name@revision``.
        kinds: What is accepted, of `KINDS`; the first that fits is taken, of a run
            from the stage to ship first, of the hub from plain data first. So where a
            packed model and one for ONNX Runtime are together, in a folder or on the
            hub, it is by default the packed one.
        asked: Why only these, for messages.

    Raises:
        QbertError: (code 2) a model of another kind is there; (code 3) the hub does not
            answer; (code 4) no model is there.
    """
    with _readable(path):
        looked = []
        for folder, possible in _folders(path, kinds):
            for kind in kinds:
                if kind in possible and KINDS[kind].fits(folder):
                    return FoundModel(folder, kind)
            looked += [(folder, KINDS[kind]) for kind in possible]
        # Each once, in however many folders it is.
        others = list(
            dict.fromkeys(kind.what for folder, kind in looked if kind.fits(folder))
        )
    if others:
        raise QbertError(
            f"{asked}: {path} has {_listed(others)}: accepted "
            f"{_listed([KINDS[kind].what for kind in kinds])}",
            USAGE,
        )
    files = " | ".join(dict.fromkeys(" + ".join(k.holds) for k in KINDS.values()))
    raise QbertError(
        f"{path}: no model: accepted a folder with {files}, the folder of a run, or "
        "owner/name on the hub",
        DATA,
    )


def _folders(
    path: str | Path, kinds: Sequence[str]
) -> Iterator[tuple[Path, Sequence[str]]]:
    """Where to look for a path's model, the likeliest first, and for which kinds."""
    from qbert_lightning.export.locate import model_folders

    folder = Path(os.path.expanduser(path))
    if folder.exists() or not hub_name(str(path)):
        yield from ((place, tuple(KINDS)) for place in model_folders(folder))
        return
    try:
        yield from _fetched(str(path), kinds)
    except QbertError as error:
        reason = f"{path}: no such folder, and on the hub: {error}"
        raise QbertError(reason, error.code) from error


def _fetched(hub_id: str, kinds: Sequence[str]) -> Iterator[tuple[Path, Sequence[str]]]:
    """A repository's plain data; if need be once more, with other files of our kinds.

    The cache may hold files of earlier calls. So that these decide nothing, each time
    only the kinds whose files were asked for are looked for.
    """
    from qbert_lightning.models import fetch_snapshot
    from qbert_lightning.models.snapshot import PATTERNS

    plain = [name for name, kind in KINDS.items() if kind.is_among(PATTERNS)]
    yield fetch_snapshot(hub_id), plain
    others = [kind for kind in kinds if kind not in plain]
    if others:
        files = sorted({name for kind in others for name in KINDS[kind].holds})
        yield fetch_snapshot(hub_id, files), others


@contextmanager
def _readable(path: str | Path) -> Iterator[None]:
    """Tell in one line what the system does not let us read."""
    try:
        yield
    except OSError as error:
        raise QbertError(
            f"{path!s:.100}: {error.strerror or error}: accepted a folder that can be "
            "read",
            DATA,
        ) from error


def _listed(words: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(words))
