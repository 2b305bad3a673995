"""Stage: the quantized model, trained or calibrated as its method says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from qbert_lightning.callbacks import QuantizationCallback
from qbert_lightning.export import save_checkpoint
from qbert_lightning.methods import QuantMethod
from qbert_lightning.models import load_float
from qbert_lightning.pipeline.int8_forward import uses_int8
from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.plan import QuantPlan, SensitivityTable


def quantize(
    bench: Workbench,
    float_stage: Stage,
    plan: QuantPlan,
    sensitivity: SensitivityTable | None,
) -> Stage:
    """Quantize the fine-tuned model.

    Args:
        bench: The run's objects.
        float_stage: Where the float model is.
        plan: What is quantized.
        sensitivity: What the plan was made from, for the log.

    Returns:
        The stage; its folder is a checkpoint for `load_checkpoint`.
    """
    config, method = bench.config, bench.method
    key = {
        "float": float_stage.key,
        "task": bench.task_key(),
        "plan": plan.to_json(),
        "method": config["method"],
        "seed": config["quantize"]["seed"],
    }
    if method.trains:
        key["objective"] = config["objective"]
        recipe = dict(config["quantize"])
        int8_forward = uses_int8(recipe.pop("int8_forward"), bench.devices[0])
        key["recipe"] = recipe
        key |= bench.trainer_key()
        if int8_forward:  # rounds differently
            key["int8_forward"] = True
            if recipe["select"] == "best":  # scores choose the weights
                key["validation"] = "on codes"

    def make(folder: Path) -> Mapping[str, Any]:
        facts: Mapping[str, Any] = {}
        bench.seed(config["quantize"]["seed"])
        model, tokenizer = load_float(float_stage.folder)
        if method.trains:
            callbacks: list[pl.Callback] = [
                QuantizationCallback(
                    method,
                    plan,
                    _calibration(bench, method),
                    sensitivity,
                    int8_forward=key.get("int8_forward", False),
                ),
                *bench.callbacks.values(),
            ]
            module = bench.module(model, "quantize")
            unfinished = bench.unfinished("quantize", key)
            facts = bench.fit(module, "quantize", folder, unfinished, callbacks)
        else:
            method.prepare(model, plan)
            method.calibrate(model, _calibration(bench, method))
        save_checkpoint(model, plan, tokenizer, folder)
        return facts

    return bench.stage("quantize", key, make, distributed=method.trains)


def _calibration(bench: Workbench, method: QuantMethod) -> list[dict]:  # type: ignore[type-arg]
    if not method.needs_calibration:
        return []
    return bench.data.sample_batches(
        1.0,
        bench.config["quantize"]["seed"],
        method.calibration_examples,
        bench.data.batch_size,
    )
