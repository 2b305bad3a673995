"""Everything the comparison page shows, as one JSON value."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from qbert_lightning.report.aggregate import Setting, aggregate
from qbert_lightning.report.curvature import curvature
from qbert_lightning.report.curves import Curve, learning_curves
from qbert_lightning.report.published import FLOAT, Published, published
from qbert_lightning.report.run import ANALYSIS, FINISHED, STATUSES, UNREADABLE, Run
from qbert_lightning.report.unfinished import with_unfinished
from qbert_lightning.report.view import comparison

# Points of one curve on a page with few and with many runs: 1,000 runs stay below 2 MB.
MOST_POINTS, FEWEST_POINTS, ALL_POINTS = 60, 24, 24_000
COUNTED = (*STATUSES, UNREADABLE)
NO_ERROR = {
    "running": "still running, or stopped without a word",
    "stopped": "stopped without a word: its process is gone",
    "waiting": "not started yet",
    "skipped": "not started, because the sweep ended before",
}
# Where a failed run leaves its traceback, and how many signs of it are shown: of one,
# and of all together.
TRACEBACK, MAX_TRACEBACK, ALL_TRACEBACKS = "error.txt", 20_000, 200_000
MAX_ERROR = 1_000


def page_data(runs: Sequence[Run], title: str, folder: Path) -> dict[str, Any]:
    """The content of the page.

    Args:
        runs: Runs of any status, as `collect_runs` gives them.
        title: Heading of the page.
        folder: Where the page will lie; links to the runs are relative to it.

    Returns:
        Plain JSON types; floats may be non-finite.
    """
    curves = CurveTable(len(runs))
    without = [run for run in runs if run.status != FINISHED]
    room = min(MAX_TRACEBACK, ALL_TRACEBACKS // max(len(without), 1))
    return {
        "title": title,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "counts": _counts(runs),
        "analyses": sum(map(_is_analysis, runs)),
        "superseded": sum(run.superseded for run in runs),
        "hardware": _counted(run.hardware for run in runs),
        "commits": _counted(run.commit for run in runs),
        "views": [
            _with_runs(comparison(settings), settings, folder, curves)
            for settings in _comparable(with_unfinished(aggregate(runs), runs))
        ],
        "curvature": curvature(runs, curves),
        "curves": curves.rows,
        "stages": _stages(runs),
        "failures": [_failure(run, folder, room) for run in without],
    }


class CurveTable:
    """Learning curves, each written once however many runs share it.

    Args:
        num_runs: Number of runs on the page; the more, the fewer points a curve has.
    """

    def __init__(self, num_runs: int) -> None:
        points = ALL_POINTS // max(num_runs, 1)
        self.max_points = max(FEWEST_POINTS, min(MOST_POINTS, points))
        self.rows: list[tuple[Sequence[int], Sequence[float]]] = []
        self._index: dict[Curve, int] = {}

    def indices(self, run: Run) -> dict[str, int]:
        """Logged key → row of the table, for one run."""
        curves = learning_curves(run, self.max_points)
        return {key: self.add(curve) for key, curve in curves.items()}

    def add(self, curve: Curve) -> int:
        """Row of the table that holds the curve."""
        if curve not in self._index:
            self._index[curve] = len(self.rows)
            rounded = [float(f"{value:.5g}") for value in curve.values]
            self.rows.append((curve.steps, rounded))
        return self._index[curve]


def link(run: Run, folder: Path) -> str:
    """A relative, percent-encoded address of the run's folder.

    It always starts with a dot, so no folder name can be taken for a scheme or host.
    """
    relative = Path(os.path.relpath(run.folder.resolve(), folder.resolve()))
    return "./" + quote(relative.as_posix(), safe="/") + "/"


def _comparable(settings: Sequence[Setting]) -> list[list[Setting]]:
    """Settings whose scores may be compared: same task, metric and evaluated rows.

    The comparison of most settings comes first. Settings without a finished run join
    the largest one of their task, or make one if they know by what to be judged.
    """
    views: dict[tuple[str, str, str, int], list[Setting]] = {}
    for setting in sorted(settings, key=lambda each: not each.runs):
        first, rows = setting.first, setting.num_rows or 0
        key = (first.task, first.primary_metric, setting.split, rows)
        if not setting.runs:
            same_task = [known for known in views if known[0] == first.task]
            if not (same_task or first.primary_metric):
                continue
            key = max(same_task, key=lambda k: len(views[k]), default=key)
        views.setdefault(key, []).append(setting)
    return [views[key] for key in sorted(views, key=lambda k: (-len(views[k]), k))]


def _with_runs(
    view: dict[str, Any],
    settings: Sequence[Setting],
    folder: Path,
    curves: CurveTable,
) -> dict[str, Any]:
    for row, setting in zip(view["settings"], settings, strict=True):
        row["runs"] = [
            {
                "name": run.name,
                "seed": run.seed,
                "folder": link(run, folder),
                "started": run.started,
                "seconds": run.duration_s,
                "score": run.metrics.get(run.primary_metric),
                "commit": run.commit,
                "curves": curves.indices(run),
            }
            for run in setting.runs
        ]
        row["unfinished"] = [
            {
                "name": run.name,
                "seed": run.seed,
                "folder": link(run, folder),
                "started": run.started,
                "status": run.status,
            }
            for run in setting.unfinished
        ]
    view["published"] = [
        _reference(one) for one in published(view["task"], view["metric"])
    ]
    return view


def _reference(one: Published) -> dict[str, Any]:
    numbers = ("score", "drop", "groups")
    return {name: getattr(one, name) for name in numbers} | {
        "label": one.label,
        "short": one.paper,
        "source": one.source,
        "note": one.note,
        "isFloat": one.method == FLOAT,
        "bits": one.weight_bits,
        "embedding": one.embedding_bits,
        "activation": one.activation_bits,
        "size": one.size_mb,
    }


def _is_analysis(run: Run) -> bool:
    return run.kind == ANALYSIS and run.status == FINISHED


def _counts(runs: Sequence[Run]) -> dict[str, int]:
    counted = [run for run in runs if not _is_analysis(run)]
    return {status: sum(run.status == status for run in counted) for status in COUNTED}


def _counted(texts: Any) -> list[tuple[str, int]]:
    return Counter(text for text in texts if text).most_common()


def _stages(runs: Sequence[Run]) -> list[dict[str, Any]]:
    names = dict.fromkeys(stage for run in runs for stage in run.stages)
    rows = []
    for name in names:
        uses = [run.stages[name] for run in runs if name in run.stages]
        made = [use for use in uses if not use.reused]
        rows.append(
            {
                "stage": name,
                "made": len(made),
                "reused": len(uses) - len(made),
                "artifacts": len({use.key for use in uses}),
                "seconds": sum(use.seconds for use in made),
            }
        )
    return rows


def _failure(run: Run, folder: Path, room: int) -> dict[str, Any]:
    error = run.error or NO_ERROR.get(run.status, "no error was recorded")
    path = run.folder / TRACEBACK
    has_traceback = path.is_file()
    return {
        "name": run.name,
        "status": run.status,
        "task": run.task,
        "method": run.method,
        "folder": link(run, folder) if run.folder.is_dir() else None,
        "started": run.started,
        "error": error[:MAX_ERROR],
        "file": link(run, folder) + TRACEBACK if has_traceback else None,
        "traceback": _end_of(path, room) if has_traceback else "",
    }


def _end_of(path: Path, room: int) -> str:
    return path.read_text(encoding="utf-8", errors="replace")[-room:]
