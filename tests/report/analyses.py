"""Runs that analysed a float model, made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qbert_lightning.report import Run
from tests.report.run_folders import record

MEASURED = (0.1, 0.4, 0.2, 0.8)


def table(
    metric: str, importance: Sequence[float], scores: Mapping[int, Sequence[float]]
) -> dict[str, Any]:
    """A sensitivity table as a record holds it, with a block for each importance."""
    blocks = [f"layer.{i}" for i in range(len(importance))]
    return {
        "metric": metric,
        "importance": dict(zip(blocks, importance, strict=True)),
        "scores": {
            block: {str(bits): column[i] for bits, column in scores.items()}
            for i, block in enumerate(blocks)
            if scores
        },
        "samples": {},
    }


def analysis(
    metric: str,
    importance: Sequence[float] = MEASURED,
    scores: Mapping[int, Sequence[float]] | None = None,
    model: str = "float-0",
    **changes: object,
) -> Run:
    """A finished run that stopped after analysing the float model `model`."""
    stage = {"key": model, "reused": False, "seconds": 1.0}
    entries: dict[str, object] = {
        "kind": "analyze",
        "sensitivity": table(metric, importance, scores or {}),
        "stages": {"finetune": stage} if model else {},
        "metrics": {},
    }
    return Run.from_record(Path("x"), record(**entries | changes))


def measurement(model: str = "float-0", **changes: object) -> Run:
    """A finished run that measured the loss at 2 and at 4 bits."""
    scores = {2: MEASURED, 4: [x / 10 for x in reversed(MEASURED)]}
    return analysis("perturbation", MEASURED, scores, model, **changes)
