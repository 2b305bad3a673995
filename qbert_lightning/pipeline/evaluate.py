"""Stage: scores of a model on the reported splits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn
from torchmetrics import Metric

from qbert_lightning.layers import set_int8_forward
from qbert_lightning.pipeline.int8_forward import uses_int8
from qbert_lightning.pipeline.stage_cache import Stage, key_hash
from qbert_lightning.pipeline.workbench import Workbench

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SCORES_FILE = "scores.json"
ON_CPU = {
    "accelerator": "cpu",
    "devices": 1,
    "num_nodes": 1,
    "strategy": "auto",
    "precision": "32-true",
}


def evaluate(
    bench: Workbench,
    load: Callable[[], PreTrainedModel],
    model_key: str,
    *,
    deployed: bool = False,
) -> Stage:
    """Score a model, once.

    Args:
        bench: The run's objects.
        load: Makes the model.
        model_key: What identifies it.
        deployed: Whether a runtime answers, which stays on the CPU, all of it in each
            process, and in its own precision, whatever the trainer is.

    Returns:
        The stage; its folder holds ``scores.json``, read by `scores_of`.
    """
    own = {"precision": ON_CPU["precision"]} if deployed else bench.config["trainer"]
    key = {
        "model": model_key,
        "task": bench.task_key(),
        "precision": own.get("precision"),
    }
    return bench.stage(
        "evaluate",
        key,
        lambda folder: _evaluate(bench, load, folder, deployed=deployed),
        # Alone, one process would wait for the others before it reads its data.
        distributed=True,
    )


def evaluate_quantized(
    bench: Workbench, load: Callable[[], PreTrainedModel], model_key: str
) -> Stage:
    """Score a fake-quantized model, computed as a training of it would be.

    On codes, where ``quantize.int8_forward`` comes to that: the same numbers up to the
    order in which floats are added. On a CPU in float32 these are the products of
    ``runtime=integer`` bit by bit, where a weight has one scale in each row and an
    input has one for all. The packed model gives the same scores as the one it was made
    from.

    Args:
        bench: The run's objects.
        load: Makes the model.
        model_key: What identifies it.
    """
    on_codes = computes_on_codes(bench)
    key = {"model": model_key, "int8_forward": True}
    return evaluate(
        bench,
        lambda: computed(load(), on_codes=on_codes),
        key_hash(key) if on_codes else model_key,
    )


def computes_on_codes(bench: Workbench) -> bool:
    """Whether this run's quantized models answer from 8-bit codes."""
    return uses_int8(bench.config["quantize"]["int8_forward"], bench.devices[0])


def computed(model: PreTrainedModel, *, on_codes: bool) -> PreTrainedModel:
    """The model, told how to compute its products."""
    set_int8_forward(model, on_codes)
    return model


def scores_of(stage: Stage, prefix: str = "") -> dict[str, float]:
    """Scores of an evaluation, such as ``test/accuracy``, with a prefix.

    Args:
        stage: From `evaluate`.
        prefix: Put before every key.
    """
    scores = json.loads((stage.folder / SCORES_FILE).read_text())
    return {f"{prefix}{key}": value for key, value in scores.items()}


def _evaluate(
    bench: Workbench,
    load: Callable[[], PreTrainedModel],
    folder: Path,
    *,
    deployed: bool,
) -> None:
    bench.seed(bench.config["seed"])
    module = bench.module(load(), "quantize")
    if deployed:
        _keep_to_this_process(module)
    scores = bench.test(module, **(ON_CPU if deployed else {}))
    (folder / SCORES_FILE).write_text(json.dumps(scores, indent=1, allow_nan=False))


def _keep_to_this_process(module: nn.Module) -> None:
    """Let metrics not add up what every process counts as a whole."""
    for part in module.modules():
        if isinstance(part, Metric):
            part.distributed_available_fn = lambda: False
