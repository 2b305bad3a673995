"""From a path of any kind to a model that answers; behind `qbert_lightning.load`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qbert_lightning.errors import QbertError
from qbert_lightning.export import load_checkpoint, load_packed
from qbert_lightning.export.locate import holds_codes, holds_plan, model_folder
from qbert_lightning.models import fetch_snapshot, is_hub_id, load_float
from qbert_lightning.runtimes.integer import load_integer

if TYPE_CHECKING:
    from torch import nn


def load_model(path: str | Path, compute: str = "float") -> nn.Module:
    """See `qbert_lightning.load`."""
    if compute not in COMPUTES:
        raise QbertError(f"compute={compute!r}: accepted {', '.join(COMPUTES)}")
    return COMPUTES[compute](find_folder(path))


def find_folder(path: str | Path) -> Path:
    """The folder with the model that a path or hub name stands for.

    Args:
        path: See `qbert_lightning.load`.

    Raises:
        QbertError: (code 3) the hub does not answer; (code 4) no model there.
    """
    folder = Path(path).expanduser()
    if not folder.exists() and is_hub_id(str(path)):
        return fetch_snapshot(str(path))
    return model_folder(folder)


def _in_float(folder: Path) -> nn.Module:
    """Weights decoded once; a checkpoint's are fake-quantized in every pass."""
    if not holds_plan(folder):
        return load_float(folder)[0]
    load = load_packed if holds_codes(folder) else load_checkpoint
    return load(folder)[0]


def _in_integers(folder: Path) -> nn.Module:
    """Weights stay packed; a checkpoint, which has no codes yet, has none to keep."""
    if not holds_codes(folder):
        raise QbertError(
            f"compute='integer': {folder} is not packed: accepted a packed model"
        )
    return load_integer(folder)


COMPUTES: Mapping[str, Callable[[Path], nn.Module]] = {
    "float": _in_float,
    "integer": _in_integers,
}
"""Ways of computing, each a function from a model's folder to the model."""
