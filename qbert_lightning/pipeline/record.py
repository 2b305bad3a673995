"""What the loop enters in its record and sends to the tracker."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import nn

from qbert_lightning.layers import layer_shapes
from qbert_lightning.models import encoder_blocks
from qbert_lightning.pipeline.pictures import log_bits, log_sensitivity
from qbert_lightning.plan import (
    QuantPlan,
    average_bits,
    describe,
    megabytes,
    storage_bits,
)
from qbert_lightning.plan.size import FLOAT_BITS
from qbert_lightning.tracking import MetricsLog, RunRecord, WandbRun, read_metrics


def record_plan(record: RunRecord, plan: QuantPlan, model: nn.Module) -> None:
    """Enter bits and sizes of a plan.

    Args:
        record: The run's record.
        plan: Its plan.
        model: The float model, for names and shapes.
    """
    shapes, blocks = layer_shapes(model), list(encoder_blocks(model))
    parameters = {name: tuple(p.shape) for name, p in model.named_parameters()}
    float_size = megabytes(storage_bits(QuantPlan(), parameters))
    size = megabytes(storage_bits(plan, parameters))
    record.bits = {}
    for block in blocks:
        record.bits |= _bits_of(plan, block)
    record.metrics |= {
        "quant/average_bits": average_bits(plan, shapes, blocks),
        "quant/size_mb": size,
        "quant/float_size_mb": float_size,
    }


def _bits_of(plan: QuantPlan, block: str) -> dict[str, int]:
    """The block's width, or that of each of its matrices where they differ."""
    bits = plan.weight_bits()
    widths = {name: bits[name] for name in plan.layers_of(block) if name in bits}
    if len(set(widths.values())) > 1:
        return widths
    return {block: max(widths.values(), default=FLOAT_BITS)}


def log_plan(tracker: WandbRun, plan: QuantPlan) -> None:
    """Send the plan as a table, one row for each layer, and as a heat map."""
    rows = [
        [layer, scheme.weight.num_bits if scheme.weight else 32, describe(scheme)]
        for layer, scheme in plan.items()
    ]
    tracker.table("quant/plan", ["layer", "weight_bits", "scheme"], rows)
    log_bits(tracker, {layer: bits for layer, bits, _ in rows})


def log_summary(tracker: WandbRun, record: RunRecord) -> None:
    """Send final numbers, and each layer's sensitivity as picture and table."""
    if record.sensitivity is not None:
        quantity = record.sensitivity["quantity"]
        for block, values in record.sensitivity["samples"].items():
            tracker.histogram(f"{quantity}_over_subsets/{block}", values)
        log_sensitivity(tracker, record.sensitivity)
    tracker.summary(record.metrics)


def merge_metrics(record: RunRecord, folder: Path) -> None:
    """Put the rows that the run's stages logged into the run's own ``metrics.jsonl``.

    A reused stage's rows are part of the run's history too. The last value of each key
    goes to the record, unless the record has one already.

    Args:
        record: The run's record; its stages say where rows are.
        folder: The run's folder.
    """
    log = MetricsLog(folder)
    for stage in record.stages.values():
        for row in read_metrics(Path(stage["folder"])):
            log.log_metrics(_without(row, "step"), row["step"])
    log.log_metrics({k: v for k, v in record.metrics.items() if v is not None})
    log.finalize("success")
    record.metrics = {**log.summary, **record.metrics}


def _without(row: Mapping[str, float], key: str) -> dict[str, float]:
    return {name: value for name, value in row.items() if name != key}
