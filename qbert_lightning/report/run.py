"""One run as the comparison sees it: a checked reading of its `run.json`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

VERSION = 1
WHOLE, ANALYSIS = "run", "analyze"
KINDS = (WHOLE, ANALYSIS)
FINISHED, RUNNING, UNREADABLE = "finished", "running", "unreadable"
STATUSES = (FINISHED, "failed", RUNNING, "waiting", "skipped", "stopped")
FLOAT_BITS = 32


@dataclass(frozen=True)
class StageUse:
    """One stage as a run used it.

    Attributes:
        key: Hash of what the stage depends on; equal keys are the same artifact.
        reused: Whether the artifact was already there.
        seconds: Time the stage took in this run.
    """

    key: str
    reused: bool
    seconds: float


@dataclass(frozen=True)
class Run:
    """What one `run.json` says.

    Attributes:
        folder: Where the record lies.
        status: One of `STATUSES`, or `unreadable` when the record could not be read.
        name: The run's readable name; the folder's name when there is none.
        error: Why the run failed or cannot be read.
        kind: `run` for the whole loop, `analyze` for one that ended with the analysis
            and so has no quantized model.
        fingerprint: Equal for records of one and the same run; empty if unknown.
        started: Time of the start, UTC, ISO 8601.
        duration_s: Wall-clock seconds of the whole run.
        seed: The run's seed.
        task: Name of the task.
        method: Name of the quantization method.
        primary_metric: Key in `metrics` of the number the run is judged by.
        splits: Split → description of the data behind it.
        rows: Split → number of its rows.
        overrides: What was typed on the command line.
        config: Resolved configuration, flattened to dotted keys.
        metrics: Final numbers by logged key; may hold NaN and infinities.
        bits: Block → weight bits.
        sensitivity: Name of the metric behind `importance`.
        importance: Block → number the blocks were ranked by.
        scores: Block → width → the harm expected of that width.
        samples: Block → raw values behind the importance, one per data subset.
        stages: Stage → how the run used it.
        hardware: One line on the machine.
        commit: Git commit, marked when the checkout had changes.
        superseded: Older records of the same run that this one stands for.
    """

    folder: Path
    status: str
    name: str
    error: str | None = None
    kind: str = WHOLE
    fingerprint: str = ""
    started: str = ""
    duration_s: float | None = None
    seed: int | None = None
    task: str = ""
    method: str = ""
    primary_metric: str = ""
    splits: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    config: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    bits: Mapping[str, int] = field(default_factory=dict)
    sensitivity: str = ""
    importance: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    samples: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    stages: Mapping[str, StageUse] = field(default_factory=dict)
    hardware: str = ""
    commit: str = ""
    superseded: int = 0

    @property
    def is_quantized(self) -> bool:
        """Whether the model is any smaller than in floating point."""
        size = self.metrics.get("quant/size_mb")
        float_size = self.metrics.get("quant/float_size_mb")
        has_bits = any(bits < FLOAT_BITS for bits in self.bits.values())
        is_smaller = size is not None and float_size is not None and size < float_size
        return has_bits or is_smaller

    @classmethod
    def from_record(cls, folder: Path, record: Mapping[str, Any]) -> Self:
        """The run that a decoded `run.json` describes.

        Args:
            folder: The folder the record lies in.
            record: The decoded JSON object, schema version 1; its numbers may be NaN
                or infinite.

        Returns:
            The run; entries of `metrics` and `bits` that are no numbers are left out.

        Raises:
            ValueError: If the version is another one or a part has the wrong type.
        """
        if record.get("version") != VERSION:
            got = json.dumps(record.get("version"), allow_nan=False)
            raise ValueError(f"version: expected {VERSION}, got {got}")
        status = record.get("status")
        if status not in STATUSES:
            raise ValueError(f"status: expected one of {STATUSES}, got {status!r}")
        sensitivity = _mapping(record, "sensitivity")
        samples = _mapping(sensitivity, "samples")
        return cls(
            folder=folder,
            status=status,
            name=_text(record, "name") or folder.name,
            error=_error(record.get("error")),
            kind=_text(record, "kind") or WHOLE,
            fingerprint=_text(record, "fingerprint"),
            started=_text(record, "started"),
            duration_s=_number(record.get("duration_s")),
            seed=_integer(record.get("seed")),
            task=_text(record, "task"),
            method=_text(record, "method"),
            primary_metric=_text(record, "primary_metric"),
            splits={key: str(text) for key, text in _mapping(record, "splits").items()},
            rows=_integers(_mapping(_mapping(record, "data"), "rows")),
            overrides=tuple(map(str, record.get("overrides") or ())),
            config=flatten(_mapping(record, "config")),
            metrics=_numbers(_mapping(record, "metrics")),
            bits=_integers(_mapping(record, "bits")),
            sensitivity=_text(sensitivity, "metric"),
            importance=_numbers(_mapping(sensitivity, "importance")),
            scores=_scores(_mapping(sensitivity, "scores")),
            samples={block: _samples(values) for block, values in samples.items()},
            stages={
                stage: _stage_use(use)
                for stage, use in _mapping(record, "stages").items()
            },
            hardware=_hardware(_mapping(record, "environment")),
            commit=_commit(_mapping(record, "environment")),
        )

    @classmethod
    def unreadable(cls, folder: Path, reason: str) -> Self:
        """A stand-in for a record that could not be read, with the reason."""
        return cls(folder, UNREADABLE, folder.name, error=reason)


def flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """A nested configuration as dotted keys; lists become JSON text.

    >>> flatten({"quant": {"groups": 12, "bits": [2, 3]}, "seed": 0})
    {'quant.groups': 12, 'quant.bits': '[2, 3]', 'seed': 0}
    """
    flat: dict[str, object] = {}
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        elif isinstance(value, (Mapping, list)):
            flat[f"{prefix}{key}"] = json.dumps(value, allow_nan=False)
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _mapping(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{key}: expected an object, got {type(value).__name__}")
    return value


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    return "" if value is None else str(value)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if is_number else None


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    numbers = {key: _number(value) for key, value in values.items()}
    return {key: number for key, number in numbers.items() if number is not None}


def _integers(values: Mapping[str, Any]) -> dict[str, int]:
    numbers = _numbers(values)
    return {key: int(value) for key, value in numbers.items() if math.isfinite(value)}


def _integer(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _samples(values: Any) -> tuple[float, ...]:
    if not isinstance(values, list):
        raise ValueError(
            f"sensitivity.samples: expected lists, got {type(values).__name__}"
        )
    numbers = map(_number, values)
    return tuple(number for number in numbers if number is not None)


def _scores(table: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    return {
        block: {
            int(width): x for width, x in _numbers(row).items() if width.isdecimal()
        }
        for block, row in table.items()
        if isinstance(row, Mapping)
    }


def _stage_use(use: Any) -> StageUse:
    if not isinstance(use, Mapping):
        raise ValueError(f"stages: expected objects, got {type(use).__name__}")
    return StageUse(
        key=_text(use, "key"),
        reused=bool(use.get("reused")),
        seconds=_number(use.get("seconds")) or 0.0,
    )


def _error(error: Any) -> str | None:
    if isinstance(error, Mapping):
        return "\n".join(str(part) for part in error.values() if part)
    return None if error is None else str(error)


def _hardware(environment: Mapping[str, Any]) -> str:
    hardware = _mapping(environment, "hardware")
    if not hardware:
        return ""
    parts = [_text(hardware, "cpu")]
    for key, unit in (("cores", "cores"), ("memory_gib", "GiB")):
        number = _number(hardware.get(key))
        if number is not None:
            parts.append(f"{round(number)} {unit}")
    gpus = hardware.get("gpus") or ["no GPU"]
    parts += [str(gpu) for gpu in gpus] if isinstance(gpus, list) else [str(gpus)]
    return ", ".join(part for part in parts if part)


def _commit(environment: Mapping[str, Any]) -> str:
    commit = _text(environment, "git_commit")[:12]
    is_changed = bool(commit and environment.get("git_dirty"))
    return f"{commit} with changes" if is_changed else commit
