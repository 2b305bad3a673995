"""Whether a job was finished before, and so need not run again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.incidental import INCIDENTAL
from qbert_lightning.pipeline.validation import resolved
from qbert_lightning.tracking.json_values import from_text, to_text
from qbert_lightning.tracking.run_record import FILE_NAME, FINISHED, RunRecord


def finished_record(folder: Path, config: DictConfig) -> RunRecord | None:
    """The record of a finished run of this very configuration, if the folder has one.

    Args:
        folder: The run's folder.
        config: What would run there now, without the `hydra` node.
    """
    if not (folder / FILE_NAME).is_file():
        return None
    try:
        record = RunRecord.read(folder)
    except QbertError:  # not whole: the run is done again
        return None
    is_same = decisive(record.config) == decisive(resolved(config))
    return record if record.status == FINISHED and is_same else None


def decisive(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a resolved configuration that decides a result, in JSON types."""
    part = {key: value for key, value in config.items() if key not in INCIDENTAL}
    values: dict[str, Any] = from_text(to_text(part))
    return values


def objectives_of(record: RunRecord) -> tuple[float, float] | None:
    """What a search looks at: the score and the size in MB (2^20 bytes)."""
    score = record.metrics.get(record.primary_metric)
    size = record.metrics.get("quant/size_mb")
    return None if score is None or size is None else (score, size)
