"""Learning curves, read from the history beside a run's record."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from qbert_lightning.report.collect import Stamp, stamp_of
from qbert_lightning.report.run import Run
from qbert_lightning.tracking import from_text

HISTORY = "metrics.jsonl"


@dataclass(frozen=True)
class Curve:
    """One logged quantity over the steps of a run.

    Attributes:
        steps: Optimizer steps.
        values: The value at each step; may hold NaN and infinities.
    """

    steps: tuple[int, ...]
    values: tuple[float, ...]

    def downsampled(self, max_points: int) -> Curve:
        """At most `max_points` points, each the mean of consecutive ones.

        A part holding a non-finite value stays non-finite.

        >>> Curve((1, 2, 3, 4), (1.0, 3.0, 5.0, 7.0)).downsampled(2)
        Curve(steps=(2, 4), values=(2.0, 6.0))
        """
        n = len(self.steps)
        if n <= max_points:
            return self
        edges = [round(i * n / max_points) for i in range(max_points + 1)]
        parts = [slice(a, b) for a, b in itertools.pairwise(edges)]
        chunks = [self.values[part] for part in parts]
        return Curve(
            tuple(self.steps[part][-1] for part in parts),
            tuple(sum(chunk) / len(chunk) for chunk in chunks),
        )


def learning_curves(run: Run, max_points: int) -> dict[str, Curve]:
    """The training loss and the validation score of a run, by logged key.

    Taken are `train/loss` and `val/<metric>` with the metric the run is judged by (the
    first validation metric if that one was not logged), of the quantized model and,
    under `float/`, of its float model.

    Args:
        run: The run; `metrics.jsonl` is read from its folder.
        max_points: Longer curves are averaged down to this many points.

    Returns:
        Key → curve; empty without a history.
    """
    path = run.folder / HISTORY
    stamp = stamp_of(path)
    if stamp is None:
        return {}
    metric = run.primary_metric.rpartition("/")[2]
    return dict(_curves_of(path, stamp, metric, max_points))


# A page that is written again and again reads no history twice that did not grow.
@lru_cache(maxsize=4096)
def _curves_of(
    path: Path, stamp: Stamp, metric: str, max_points: int
) -> tuple[tuple[str, Curve], ...]:
    points: dict[str, list[tuple[int, float]]] = {}
    for row in _rows_of(path):
        step = row.pop("step", None)
        if isinstance(step, int):
            for key, value in row.items():
                if isinstance(value, (int, float)):
                    points.setdefault(key, []).append((step, value))
    curves = []
    for key in _wanted(list(points), metric):
        steps, values = zip(*sorted(points[key], key=lambda p: p[0]), strict=True)
        curves.append((key, Curve(steps, values).downsampled(max_points)))
    return tuple(curves)


def _wanted(keys: Sequence[str], metric: str) -> Iterator[str]:
    for stage in ("", "float/"):
        if f"{stage}train/loss" in keys:
            yield f"{stage}train/loss"
        validation = [key for key in keys if key.startswith(f"{stage}val/")]
        preferred = f"{stage}val/{metric}"
        yield from [preferred] if preferred in validation else validation[:1]


def logged_rows(run: Run, containing: str = "") -> Iterator[dict[str, Any]]:
    """The rows of a run's history, in the order of logging.

    Args:
        run: The run; `metrics.jsonl` is read from its folder.
        containing: Rows without this text are passed over.
    """
    path = run.folder / HISTORY
    if path.is_file():
        yield from _rows_of(path, containing)


def _rows_of(path: Path, containing: str = "") -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if containing not in line:
                continue
            try:
                row = from_text(line)
            except (
                ValueError,
                TypeError,
            ):  # the last line of a run that was killed while writing
                continue
            if isinstance(row, dict):
                yield row
