"""A sweep's runs side by side, as one more run of its group in the tracker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from qbert_lightning.errors import QbertError
from qbert_lightning.report.figure_style import Figure, as_plotly, figure, plain
from qbert_lightning.tracking import RunRecord, WandbSettings, open_wandb
from qbert_lightning.tracking.wandb_labels import override_values
from qbert_lightning.tracking.wandb_settings import DISABLED

SUMMARY = "summary"
NUMBERS = ("score", "drop", "MB", "bits")
NO_RECORD = "no record"
_MISSING = object()


def log_sweep_summary(
    sweep_folder: Path, settings: WandbSettings | None = None
) -> None:
    """Send one run with a table of all runs of a sweep, and score against size.

    The run is of kind `summary` and in the group of the sweep's runs; called again for
    the same sweep, it goes on in the same run. A tracker that fails is one warning.

    Args:
        sweep_folder: The sweep's folder, with the folders of its jobs.
        settings: How W&B is used; None takes what the sweep's first run used.
    """
    records = sweep_records(sweep_folder)
    settings = settings or _settings_of(records)
    if not records or settings.mode == DISABLED:
        return
    columns, rows = sweep_table(records)
    statuses = [record.status for record in records]
    summary = RunRecord(
        name=f"{sweep_folder.name}-{SUMMARY}",
        kind=SUMMARY,
        task=_shared([record.task for record in records]),
        method=_shared([record.method for record in records]),
        config={"tags": next((t for r in records if (t := r.config.get("tags"))), [])},
    )
    with open_wandb(settings, summary, sweep_folder, sweep_folder) as tracker:
        tracker.table("sweep/runs", columns, rows)
        tracker.figure(
            "sweep/score_against_size", lambda: as_plotly(size_figure(records))
        )
        counts = {
            f"sweep/{status}": statuses.count(status) for status in sorted({*statuses})
        }
        tracker.summary({"sweep/jobs": len(records), **counts})


def sweep_records(folder: Path) -> list[RunRecord]:
    """The records of a sweep's jobs, in their order.

    A job without a readable record stands there with its folder's name and no numbers.
    """
    jobs = [path for path in folder.iterdir() if path.is_dir() and _is_job(path)]
    records = []
    for job in sorted(jobs, key=lambda path: (len(path.name), path.name)):
        try:
            records.append(RunRecord.read(job))
        except QbertError:
            records.append(RunRecord(name=job.name, status=NO_RECORD))
    return records


def sweep_table(
    records: Sequence[RunRecord],
) -> tuple[list[str], list[list[Any]]]:
    """What tells the runs apart, and what they came to.

    Args:
        records: Of a sweep's runs.

    Returns:
        Names of the columns, and one row for each run: name, the overrides that
        differ, score, drop (a fraction as the score), MB (2^20 bytes), bits, status,
        duration in seconds.
    """
    overrides = [override_values(record.overrides) for record in records]
    differing = differing_overrides(overrides)
    cells = {key: _one_type([o.get(key) for o in overrides]) for key in differing}
    columns = ["run", *differing, *NUMBERS, "status", "duration_s"]
    rows = [
        [
            record.name,
            *(cells[key][index] for key in differing),
            *_numbers(record),
            record.status,
            float(record.duration_s),
        ]
        for index, record in enumerate(records)
    ]
    return columns, rows


def differing_overrides(overrides: Sequence[Mapping[str, Any]]) -> list[str]:
    """Keys that have more than one value among the runs, or are not set in all.

    >>> differing_overrides([{"seed": 1, "task": "a"}, {"seed": 2, "task": "a"}])
    ['seed']
    """
    keys = dict.fromkeys(key for each in overrides for key in each)
    return [
        key
        for key in keys
        if len({repr(each.get(key, _MISSING)) for each in overrides}) > 1
    ]


def size_figure(records: Sequence[RunRecord]) -> Figure:
    """Score against size in MB (2^20 bytes), one mark a run, a colour a method."""
    methods: dict[str, list[tuple[float, float, str]]] = {}
    for record in records:
        score, _, size, _ = _numbers(record)
        if score is not None and size is not None:
            methods.setdefault(record.method, []).append((size, score, record.name))
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": plain(method),
            "x": [size for size, _, _ in points],
            "y": [score for _, score, _ in points],
            "text": [plain(name) for *_, name in points],
        }
        for method, points in methods.items()
    ]
    score = _shared([record.primary_metric for record in records]) or "score"
    return figure(
        "score against size",
        traces,
        showlegend=len(traces) > 1,
        xaxis={"title": {"text": "MB"}},
        yaxis={"title": {"text": plain(score)}},
    )


def _numbers(record: RunRecord) -> list[float | None]:
    keys = (
        record.primary_metric,
        "quant/drop",
        "quant/size_mb",
        "quant/average_bits",
    )
    values = (record.metrics.get(key) for key in keys)
    return [None if value is None else float(value) for value in values]


def _one_type(values: Sequence[Any]) -> list[Any]:
    """The values as they are if all are numbers, else as texts: a column has a type."""
    known = [value for value in values if value is not None]
    if all(isinstance(x, int | float) and not isinstance(x, bool) for x in known):
        return [None if value is None else float(value) for value in values]
    return [None if value is None else str(value) for value in values]


def _shared(values: Sequence[str]) -> str:
    """The value all have, empty where there are several."""
    known = {value for value in values if value}
    return known.pop() if len(known) == 1 else ""


def _is_job(folder: Path) -> bool:
    return (folder / ".hydra").is_dir() or (folder / "run.json").is_file()


def _settings_of(records: Sequence[RunRecord]) -> WandbSettings:
    used = [(record.config.get("logger") or {}).get("wandb") for record in records]
    first = next((each for each in used if each), None)
    if first is None:
        return WandbSettings(mode=DISABLED)
    known = {item.name for item in fields(WandbSettings)}
    return WandbSettings(**{key: first[key] for key in known & first.keys()})
