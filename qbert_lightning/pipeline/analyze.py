"""Stage: how much each encoder layer minds, from the float model's curvature."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from qbert_lightning.models import (
    double_differentiable_attention,
    encoder_blocks,
    load_float,
)
from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.plan import SensitivityTable

SENSITIVITY_FILE = "sensitivity.json"


def analyze(bench: Workbench, float_stage: Stage) -> Stage:
    """Measure the sensitivity of every encoder layer.

    The result does not depend on widths or groups, so a sweep over them measures once.

    Args:
        bench: The run's objects.
        float_stage: Where the fine-tuned model is.

    Returns:
        The stage; its folder holds ``sensitivity.json``, read by `table_of`.
    """
    config = bench.config
    key = {
        "float": float_stage.key,
        "rows": bench.data.fingerprint(),
        "sensitivity": config["sensitivity"],
        "seed": config["seed"],
    }
    return bench.stage(
        "analyze", key, lambda folder: _analyze(bench, float_stage, folder)
    )


def table_of(stage: Stage) -> SensitivityTable:
    """The table that an analysis or an allocation wrote."""
    return SensitivityTable.from_json((stage.folder / SENSITIVITY_FILE).read_text())


def _analyze(bench: Workbench, float_stage: Stage, folder: Path) -> None:
    bench.seed(bench.config["seed"])
    metric = bench.metric
    model, _ = load_float(float_stage.folder)
    model.to(bench.device)
    subsets = [
        bench.data.sample_batches(
            metric.fraction,
            bench.config["seed"] + index,
            metric.max_examples,
            metric.batch_size,
        )
        for index in range(metric.num_subsets)
    ]

    def loss(batch: dict[str, Tensor]) -> Tensor:
        inputs = {name: x for name, x in batch.items() if name != "feature_index"}
        result: Tensor = model(**inputs).loss
        return result

    with double_differentiable_attention(model):
        table = metric.score(
            model, loss, encoder_blocks(model), subsets, {}, progress=bench.measured
        )
    (folder / SENSITIVITY_FILE).write_text(table.to_json())
