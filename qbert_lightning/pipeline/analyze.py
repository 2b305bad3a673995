"""Stage: how much each block minds, from the float model."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from qbert_lightning.layers import layer_shapes
from qbert_lightning.models import (
    double_differentiable_attention,
    load_float,
    needed_tokens_only,
    select_blocks,
)
from qbert_lightning.modules import mean_loss, num_terms
from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.plan import SensitivityTable, expand_rules
from qbert_lightning.sensitivity import Measurement, Problem
from qbert_lightning.tracking import Journal

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SENSITIVITY_FILE = "sensitivity.json"


def analyze(bench: Workbench, float_stage: Stage) -> Stage:
    """Measure the sensitivity of every block.

    What a metric finds without the plan does not depend on widths or groups, so a sweep
    over them measures once. Every finished value is on disk at once, and an analysis
    that was stopped goes on from there.

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
        "blocks": config["blocks"],
    }
    if bench.metric.needs_plan:
        key["rules"] = config["quant"]["rules"]
        key["candidate_bits"] = list(bench.allocator.candidate_bits)
    journal = bench.journal("analyze", key)
    stage = bench.stage(
        "analyze", key, lambda folder: _analyze(bench, float_stage, folder, journal)
    )
    journal.remove()
    return stage


def table_of(stage: Stage) -> SensitivityTable:
    """The table that an analysis or an allocation wrote."""
    return SensitivityTable.from_json((stage.folder / SENSITIVITY_FILE).read_text())


def float_model_of(bench: Workbench, float_stage: Stage) -> PreTrainedModel:
    """The float model, on the device where it is analysed."""
    model, _ = load_float(float_stage.folder)
    return model.to(bench.devices[0])


def problem_of(bench: Workbench, model: PreTrainedModel) -> Problem:
    """The float model with its loss and blocks, without data."""
    return Problem(
        model=model,
        loss=mean_loss,
        blocks=select_blocks(model, bench.config["blocks"]),
        batch_weight=num_terms,
        plan=expand_rules(bench.rules, layer_shapes(model)),
        candidate_bits=bench.allocator.candidate_bits,
    )


def _analyze(
    bench: Workbench, float_stage: Stage, folder: Path, journal: Journal
) -> None:
    bench.seed(bench.metric.seed)
    subsets = bench.metric.draw(bench.data.sample_batches)
    problem = problem_of(bench, float_model_of(bench, float_stage))
    problem = problem.with_subsets(subsets)
    rows = journal.rows()
    if rows:
        bench.say(f"  analysis  goes on after {len(rows)} values")
    finished = {
        (row["block"], row["subset"], row["bits"]): row["value"] for row in rows
    }

    def note(measurement: Measurement) -> None:
        journal.append(asdict(measurement))
        bench.measured(measurement)

    model = problem.model
    with double_differentiable_attention(model), needed_tokens_only(model):
        table = bench.metric.score(
            problem, devices=bench.devices, finished=finished, progress=note
        )
    (folder / SENSITIVITY_FILE).write_text(table.to_json())
