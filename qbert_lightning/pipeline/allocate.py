"""Stage: the plan, from rules and, where an allocator asks for it, from sensitivity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from torch import nn

from qbert_lightning.layers import layer_shapes
from qbert_lightning.models import load_float, select_blocks
from qbert_lightning.pipeline.front import write_front
from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.stored_bits import stored_bits
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.plan import (
    BlockSize,
    QuantPlan,
    SensitivityTable,
    block_sizes,
    expand_rules,
)
from qbert_lightning.sensitivity import perturbations

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PLAN_FILE = "plan.json"


def allocate(
    bench: Workbench, float_stage: Stage, sensitivity: SensitivityTable | None
) -> Stage:
    """Make the plan.

    Args:
        bench: The run's objects.
        float_stage: Where the fine-tuned model is.
        sensitivity: With `scored` widths, for allocators that need it.

    Returns:
        The stage; its folder holds ``plan.json`` and, where the allocator knows it, the
        whole Pareto front.
    """
    config = bench.config
    key = {
        "float": float_stage.key,
        "quant": config["quant"],
        "allocator": config["allocator"],
        "blocks": config["blocks"],
        "sensitivity": sensitivity.to_json() if sensitivity else None,
    }
    if sensitivity is not None:  # sizes decide, and stand in the front
        key["sizes"] = "of the packed file"

    def make(folder: Path) -> None:
        model, _ = load_float(float_stage.folder)
        plan, sizes = planned(bench, model)
        bits = bench.allocator.allocate(sensitivity, sizes)
        (folder / PLAN_FILE).write_text(plan.with_weight_bits(bits).to_json())
        if sensitivity is not None:
            front = bench.allocator.front(sensitivity, sizes)
            write_front(front, sizes, bits, folder)

    return bench.stage("allocate", key, make)


def plan_of(folder: Path) -> QuantPlan:
    """The plan in a stage's folder."""
    return QuantPlan.from_json((folder / PLAN_FILE).read_text())


def planned(
    bench: Workbench, model: PreTrainedModel
) -> tuple[QuantPlan, dict[str, BlockSize]]:
    """The plan of the rules alone, and the size of every block that may be given bits.

    Args:
        bench: The run's objects.
        model: The float model, for names and shapes.
    """
    shapes = layer_shapes(model)
    plan = expand_rules(bench.rules, shapes)
    blocks = list(select_blocks(model, bench.config["blocks"]))
    widths = bench.allocator.candidate_bits
    return plan, block_sizes(plan, shapes, blocks, widths, stored_bits(model, plan))


def scored(
    bench: Workbench, model: nn.Module, table: SensitivityTable
) -> SensitivityTable:
    """The table with a score for every width the allocator may choose.

    Scores that the metric itself measured stay; the others are the importance times the
    distance that each width moves the weights.
    """
    if table.scores:
        return table
    plan = expand_rules(bench.rules, layer_shapes(model))
    return table.with_perturbations(
        perturbations(
            model, plan, list(table.importance), bench.allocator.candidate_bits
        )
    )
