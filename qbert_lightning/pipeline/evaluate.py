"""Stage: scores of a model on the reported splits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.workbench import Workbench

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SCORES_FILE = "scores.json"


def evaluate(
    bench: Workbench, load: Callable[[], PreTrainedModel], model_key: str
) -> Stage:
    """Score a model, once.

    Args:
        bench: The run's objects.
        load: Makes the model.
        model_key: What identifies it.

    Returns:
        The stage; its folder holds ``scores.json``, read by `scores_of`.
    """
    key = {
        "model": model_key,
        "task": bench.task_key(),
        "precision": bench.config["trainer"].get("precision"),
    }
    return bench.stage(
        "evaluate", key, lambda folder: _evaluate(bench, load, folder), distributed=True
    )


def scores_of(stage: Stage, prefix: str = "") -> dict[str, float]:
    """Scores of an evaluation, such as ``test/accuracy``, with a prefix.

    Args:
        stage: From `evaluate`.
        prefix: Put before every key.
    """
    scores = json.loads((stage.folder / SCORES_FILE).read_text())
    return {f"{prefix}{key}": value for key, value in scores.items()}


def _evaluate(
    bench: Workbench, load: Callable[[], PreTrainedModel], folder: Path
) -> None:
    bench.seed(bench.config["seed"])
    scores = bench.test(bench.module(load(), "quantize"))
    (folder / SCORES_FILE).write_text(json.dumps(scores, indent=1, allow_nan=False))
