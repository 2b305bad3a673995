"""What finished runs left on disk, read without anything heavy."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RECORD = "run.json"
STAGE_CACHE = "stages"
MAX_BYTES = 64 * 2**20
SIZE = "quant/size_mb"


@dataclass(frozen=True)
class PastRun:
    """One `run.json`, as far as planning and searching ask for it.

    Attributes:
        folder: Where it lies.
        status: `finished`, `failed` or `running`.
        kind: The verb.
        started: Time of the start, UTC, ISO 8601.
        seed: The run's seed.
        overrides: Its job's overrides.
        config: Its resolved configuration.
        metrics: Final numbers by logged key; those that are not finite are NaN.
        primary_metric: Key in `metrics` of the number it is judged by.
        stages: Stage → its `folder`, `key`, `reused` and `seconds`.
        sensitivity: The sensitivity table as an object, if there was an analysis.
    """

    folder: Path
    status: str = ""
    kind: str = ""
    started: str = ""
    seed: int = 0
    overrides: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    primary_metric: str = ""
    stages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sensitivity: Mapping[str, Any] | None = None

    @property
    def outcome(self) -> tuple[float, float] | None:
        """Score and size in MB (2^20 bytes), once finished with finite ones."""
        score = self.metrics.get(self.primary_metric, math.nan)
        size = self.metrics.get(SIZE, math.nan)
        is_whole = self.status == "finished" and math.isfinite(score + size)
        return (score, size) if is_whole else None


def read_run(folder: Path) -> PastRun | None:
    """The run recorded in a folder; None if there is no record that can be read."""
    path = folder / RECORD
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        values = json.loads(path.read_text(encoding="utf-8"))
        metrics = {
            name: float(value) if isinstance(value, int | float) else math.nan
            for name, value in values["metrics"].items()
        }
        return PastRun(
            folder=folder,
            status=str(values["status"]),
            kind=str(values["kind"]),
            started=str(values["started"]),
            seed=int(values["seed"] or 0),
            overrides=tuple(values["overrides"]),
            config=values["config"],
            metrics=metrics,
            primary_metric=str(values["primary_metric"]),
            stages=values["stages"],
            sensitivity=values["sensitivity"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # half-written, of another version, or not ours


def past_runs(folder: Path) -> Iterator[PastRun]:
    """Every readable record below a folder; that of the stage cache is not searched."""
    for parent, children, files in os.walk(folder):
        children[:] = sorted(child for child in children if child != STAGE_CACHE)
        run = read_run(Path(parent)) if RECORD in files else None
        if run is not None:
            yield run
