"""Stage: the float model, fine-tuned on the task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qbert_lightning.export.digest import file_digest
from qbert_lightning.models import quiet_transformers
from qbert_lightning.pipeline.float_models import WEIGHTS
from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.workbench import FLOAT_PREFIX, Workbench
from qbert_lightning.tracking.durable import give_usual_mode


def finetune(bench: Workbench) -> Stage:
    """A folder in Hugging Face layout, new or reused, or the one the user named.

    Args:
        bench: The run's objects.

    Returns:
        The stage; its folder holds ``config.json``, ``model.safetensors``, the
        tokenizer and ``metrics.jsonl``.
    """
    config = bench.config
    if config["checkpoint"] is not None:
        folder = Path(config["checkpoint"])
        digest = file_digest(folder / WEIGHTS)
        bench.say(f"finetune  given            {folder}")
        return Stage(folder, digest, reused=True, seconds=0.0)
    key = {
        "task": bench.task_key(),
        "model": _model_key(config["model"]),
        "objective": config["objective"],
        "recipe": config["finetune"],  # callbacks too: their rows are in the folder
        **bench.trainer_key(),
    }

    def make(folder: Path) -> Mapping[str, Any]:
        return _finetune(bench, folder, bench.unfinished("finetune", key))

    return bench.stage("finetune", key, make, distributed=True)


def _model_key(model: Mapping[str, Any]) -> dict[str, Any]:
    """The model's settings; a local folder counts by its weights, not by its name."""
    key = dict(model)
    weights = Path(str(model.get("name_or_path"))) / WEIGHTS
    if weights.is_file():
        key["name_or_path"] = file_digest(weights)
    return key


def _finetune(bench: Workbench, folder: Path, unfinished: Path) -> Mapping[str, Any]:
    bench.seed(bench.config["finetune"]["seed"])
    data = bench.data
    model = bench.source.build(data.head, data.labels, bench.tokenizer)
    module = bench.module(model, "finetune", FLOAT_PREFIX)
    callbacks = list(bench.float_callbacks.values())
    facts = bench.fit(module, "finetune", folder, unfinished, callbacks)
    with quiet_transformers():
        model.save_pretrained(folder)
    weights = folder / WEIGHTS
    if weights.exists():  # of several processes, transformers lets the first one write
        give_usual_mode(weights)
    bench.tokenizer.save_pretrained(folder)
    return facts
