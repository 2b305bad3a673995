"""Fine-tuned float models in the stage cache, found without loading anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from qbert_lightning.pipeline.incidental import INCIDENTAL_OF_DATA

Shapes = dict[str, tuple[int, ...]]

WEIGHTS = "model.safetensors"
MARKER = "stage.json"
MAX_HEADER_BYTES = 64 * 2**20


class FloatModels:
    """The float models below an output folder.

    Args:
        output_dir: ``paths.output_dir``.
    """

    def __init__(self, output_dir: Path) -> None:
        self._kept = list(_markers(output_dir / "stages" / "finetune"))
        self._digests: dict[str, str] = {}

    def find(self, config: Mapping[str, Any]) -> Path | None:
        """The folder of a run's float model, if it is there.

        The rows it was trained on are not compared: they are known only once the data
        are read.

        Args:
            config: The run's resolved configuration.
        """
        if config["checkpoint"] is not None:
            return Path(config["checkpoint"])
        wanted = self.key(config)
        return next((folder for key, folder in self._kept if key == wanted), None)

    def alike(self, config: Mapping[str, Any]) -> Path | None:
        """A float model of the same task and shapes, however it was trained."""
        wanted = self.key(config)
        same = ("task", "model")
        for key, folder in self._kept:
            if all(key[name] == wanted[name] for name in same):
                return folder
        return None

    def key(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """What a run's float model depends on, but for the rows of the data."""
        model = dict(config["model"])
        weights = Path(str(model.get("name_or_path"))) / WEIGHTS
        if weights.is_file():
            name = str(weights)
            self._digests[name] = self._digests.get(name) or _digest(weights)
            model["name_or_path"] = self._digests[name]
        task = config["task"]
        data = {k: v for k, v in task["data"].items() if k not in INCIDENTAL_OF_DATA}
        return {
            "task": {"data": data, "module": task["module"]},
            "model": model,
            "objective": config["objective"],
            "recipe": config["finetune"],
            "precision": config["trainer"].get("precision"),
        }


def parameter_shapes(folder: Path) -> Shapes:
    """Name → shape of every tensor in ``model.safetensors``, from its header.

    Returns:
        Nothing if there is no such file, or it is none.
    """
    try:
        with (folder / WEIGHTS).open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > MAX_HEADER_BYTES:
                return {}
            header = json.loads(file.read(length))
        return {
            name: tuple(entry["shape"])
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _markers(folder: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """Key, without rows, and folder of each finished stage."""
    for marker in sorted(folder.glob(f"*/{MARKER}")):
        try:
            key = json.loads(marker.read_text(encoding="utf-8"))["key"]
            task = {k: v for k, v in key["task"].items() if k != "rows"}
            yield {**key, "task": task}, marker.parent
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # another process is making it, or it is none


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
