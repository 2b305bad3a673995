"""Stage: the plan, from rules and, where an allocator asks for it, from sensitivity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from qbert_lightning.layers import layer_shapes
from qbert_lightning.models import encoder_blocks, load_float
from qbert_lightning.pipeline.analyze import SENSITIVITY_FILE
from qbert_lightning.pipeline.stage_cache import Stage
from qbert_lightning.pipeline.workbench import Workbench
from qbert_lightning.plan import (
    QuantPlan,
    SensitivityTable,
    block_sizes,
    expand_rules,
)

PLAN_FILE = "plan.json"


def allocate(
    bench: Workbench, float_stage: Stage, sensitivity: SensitivityTable | None
) -> Stage:
    """Make the plan.

    Args:
        bench: The run's objects.
        float_stage: Where the fine-tuned model is.
        sensitivity: From `analyze`, for allocators that need it.

    Returns:
        The stage; its folder holds ``plan.json`` and, with a sensitivity, the table
        with the score of every candidate width.
    """
    config = bench.config
    key = {
        "float": float_stage.key,
        "quant": config["quant"],
        "allocator": config["allocator"],
        "sensitivity": sensitivity.to_json() if sensitivity else None,
    }

    def make(folder: Path) -> None:
        model, _ = load_float(float_stage.folder)
        plan, table = make_plan(bench, model, sensitivity)
        (folder / PLAN_FILE).write_text(plan.to_json())
        if table is not None:
            (folder / SENSITIVITY_FILE).write_text(table.to_json())

    return bench.stage("allocate", key, make)


def plan_of(folder: Path) -> QuantPlan:
    """The plan in a stage's folder."""
    return QuantPlan.from_json((folder / PLAN_FILE).read_text())


def make_plan(
    bench: Workbench, model: nn.Module, sensitivity: SensitivityTable | None
) -> tuple[QuantPlan, SensitivityTable | None]:
    """Rules and allocator, applied to a float model.

    Returns:
        The plan, and the sensitivity table with scores where there is one.
    """
    shapes, allocator = layer_shapes(model), bench.allocator
    plan = expand_rules(bench.rules, shapes)
    candidates = allocator.candidate_bits
    if not candidates:
        return plan, sensitivity
    blocks = list(encoder_blocks(model))
    if sensitivity is not None:
        moved = perturbations(model, plan, blocks, candidates)
        sensitivity = sensitivity.with_perturbations(moved)
    sizes = block_sizes(plan, shapes, blocks, candidates)
    return plan.with_weight_bits(allocator.allocate(sensitivity, sizes)), sensitivity


@torch.no_grad()
def perturbations(
    model: nn.Module, plan: QuantPlan, blocks: Sequence[str], candidates: Sequence[int]
) -> dict[str, dict[int, float]]:
    """How far each width moves each block's weights: ``‖Q(W) − W‖²``.

    Args:
        model: The float model.
        plan: Gives number format and granularity.
        blocks: Names of blocks.
        candidates: Widths.

    Returns:
        Block → width → squared distance.
    """
    weights = {name: module for name, module in model.named_modules() if name in plan}
    moved = {}
    for block in blocks:
        moved[block] = dict.fromkeys(candidates, 0.0)
        for layer in plan.layers_of(block):
            spec, weight = plan[layer].weight, weights[layer].weight
            if spec is None:
                continue
            for bits in candidates:
                quantizer = spec.with_bits(bits).build(weight.shape, layer)
                distance = (quantizer(weight) - weight).square().sum()
                moved[block][bits] += float(distance)
    return moved
