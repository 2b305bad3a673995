"""Stage: the quantized model as a runtime's own file, checked against its answers."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from qbert_lightning.export import load_checkpoint
from qbert_lightning.models import load_tokenizer
from qbert_lightning.pipeline.describe_task import describe_task
from qbert_lightning.pipeline.evaluate import computed, computes_on_codes, evaluate
from qbert_lightning.pipeline.same_answers import difference
from qbert_lightning.pipeline.stage_cache import Stage, key_hash
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.runtimes import Runtime

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FACTS_FILE = "deploy.json"
DEPLOYED_PREFIX = "deployed/"
CHECKED_EXAMPLES = 64


def deploy(bench: Workbench, runtime: Runtime, quantized: Stage) -> Stage:
    """Write a quantized checkpoint for a runtime, and compare what it answers.

    Args:
        bench: The run's objects.
        runtime: Where it goes.
        quantized: From `quantize`.

    Returns:
        The stage; its folder answers through `Runtime.load`, with ``deploy.json``.
    """
    key = {
        "quantized": quantized.key,
        "runtime": bench.config["runtime"],
        "task": describe_task(bench).to_json(),
        "compared_on_codes": computes_on_codes(bench),
    }
    return bench.stage(
        "deploy", key, lambda folder: _deploy(bench, runtime, quantized, folder)
    )


def deployment_facts(stage: Stage) -> dict[str, Any]:
    """Bytes on disk, seconds to write, and how far logits and answers differ."""
    facts: dict[str, Any] = json.loads((stage.folder / FACTS_FILE).read_text())
    return facts


def evaluate_deployed(
    bench: Workbench, runtime: Runtime, folder: Path, model_key: str
) -> Stage:
    """Score a deployed model through its runtime.

    Args:
        bench: The run's objects.
        runtime: What runs it.
        folder: What the runtime wrote.
        model_key: What identifies it.
    """
    # It is called like the float model and answers like it, which is all that is used.
    load = lambda: cast("PreTrainedModel", runtime.load(folder))  # noqa: E731
    key = key_hash({"model": model_key, "runtime": bench.config["runtime"]})
    return evaluate(bench, load, key, deployed=True)


def _deploy(bench: Workbench, runtime: Runtime, quantized: Stage, folder: Path) -> None:
    model, plan = load_checkpoint(quantized.folder)
    describe_task(bench).write(folder)
    began = time.perf_counter()
    runtime.write(model, plan, load_tokenizer(str(quantized.folder)), folder)
    seconds = time.perf_counter() - began
    batches = bench.data.sample_batches(1.0, 0, CHECKED_EXAMPLES, 32)
    scored = computed(model, on_codes=computes_on_codes(bench))
    facts = {
        "bytes_on_disk": (folder / runtime.file_name).stat().st_size,
        "seconds_to_write": seconds,
        **difference(scored, runtime.load(folder), batches).to_json(),
    }
    (folder / FACTS_FILE).write_text(json.dumps(facts, indent=1, allow_nan=False))
