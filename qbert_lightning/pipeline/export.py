"""Stage: the packed artifact, checked against the model it was made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.export import (
    header_bytes,
    load_checkpoint,
    load_packed,
    save_packed,
)
from qbert_lightning.models import load_tokenizer
from qbert_lightning.pipeline.describe_task import describe_task
from qbert_lightning.pipeline.same_answers import difference
from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.plan import storage_bits

FACTS_FILE = "export.json"
CHECKED_EXAMPLES = 64


def export(bench: Workbench, quantized: Stage) -> Stage:
    """Pack a quantized checkpoint and load it back.

    Args:
        bench: The run's objects.
        quantized: From `quantize`.

    Returns:
        The stage; its folder is an artifact for `load_packed`, with ``export.json``.

    Raises:
        QbertError: If the artifact's logits are not the model's (code 1).
    """
    key = {"quantized": quantized.key, "task": describe_task(bench).to_json()}
    return bench.stage("export", key, lambda folder: _export(bench, quantized, folder))


def facts_of(stage: Stage) -> dict[str, Any]:
    """What was measured: bytes on disk, of the header, and as computed."""
    facts: dict[str, Any] = json.loads((stage.folder / FACTS_FILE).read_text())
    return facts


def _export(bench: Workbench, quantized: Stage, folder: Path) -> None:
    model, plan = load_checkpoint(quantized.folder)
    describe_task(bench).write(folder)
    save_packed(model, plan, load_tokenizer(str(quantized.folder)), folder)
    packed, _ = load_packed(folder)
    batches = bench.data.sample_batches(1.0, 0, CHECKED_EXAMPLES, 32)
    found = difference(model, packed, batches)
    if found.largest_logit_difference != 0:
        raise QbertError(
            f"{folder}: packed logits differ from the fake-quantized ones by "
            f"{found.largest_logit_difference}: accepted 0",
            FAILED,
        )
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
    file = folder / "model.safetensors"
    facts = {
        "bytes_on_disk": file.stat().st_size,
        "header_bytes": header_bytes(file),
        "computed_bytes": -(-storage_bits(plan, shapes) // 8),
        "float_bytes": 4 * sum(p.numel() for p in model.parameters()),
        "largest_logit_difference": found.largest_logit_difference,
        "checked_examples": found.checked_examples,
    }
    (folder / FACTS_FILE).write_text(json.dumps(facts, indent=1, allow_nan=False))
