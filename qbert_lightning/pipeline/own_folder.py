"""What a folder of the user's own YAML may hold, before Hydra reads it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import yaml
from omegaconf import DictConfig

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.overrides import MAX_NESTING, check_references

MAX_BYTES = 256 * 1024
MAX_FILES = 1000


def own_folder_of(hydra: DictConfig) -> str | None:
    """The folder that ``--config-dir`` named, if there was one.

    Args:
        hydra: Hydra's own configuration of a job or a sweep.
    """
    for source in hydra.runtime.config_sources:
        if source.provider == "command-line":
            return str(source.path)
    return None


def check_folder(folder: Path) -> None:
    """Raise `QbertError` unless every YAML file below ``folder`` is plain and small."""
    if not folder.is_dir():
        raise QbertError(f"--config-dir={folder}: no such folder")
    for number, path in enumerate(_yaml_files(folder)):
        if number >= MAX_FILES:
            raise QbertError(
                f"--config-dir={folder}: accepted up to {MAX_FILES} YAML files"
            )
        _check_yaml(path)


def _yaml_files(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith((".yaml", ".yml")):
                yield Path(root) / name


def _check_yaml(path: Path) -> None:
    """Refuse aliases (they multiply), depth and size before anything composes."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise QbertError(f"{path}: {size} bytes: accepted up to {MAX_BYTES}")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise QbertError(f"{path}: accepted UTF-8 text ({error.reason})") from error
    check_references(text, str(path))
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if getattr(event, "anchor", None) is not None:
                raise QbertError(f"{path}: aliases and anchors are not accepted")
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_NESTING:
                raise QbertError(f"{path}: accepted nesting up to {MAX_NESTING} deep")
    except yaml.YAMLError as error:
        raise QbertError(f"{path}: not YAML: {error}") from error
