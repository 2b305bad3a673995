"""Sizes told without the model against those taken from it."""

from __future__ import annotations

from typing import Any

import pytest

from qbert_lightning.layers import layer_shapes
from qbert_lightning.models import select_blocks
from qbert_lightning.pipeline.composition import Command
from qbert_lightning.pipeline.instantiate import instantiate
from qbert_lightning.pipeline.planned_jobs import planned_sweep
from qbert_lightning.pipeline.stored_bits import stored_bits
from qbert_lightning.pipeline.stored_by_shapes import (
    encoder_parameters,
    granularity_of,
    stored_sizes,
    stored_weights,
)
from qbert_lightning.plan import PerTensor, RowGroups, block_sizes, expand_rules
from tests.tiny import tiny_bert

WIDTHS = [2, 3, 8]
DENSE = "bert.encoder.layer.1.output.dense"


def rules_of(*overrides: str) -> Any:  # noqa: ANN401
    [job] = planned_sweep(Command("run", overrides, None, multirun=False)).jobs
    return job.config["quant"]["rules"]


@pytest.mark.parametrize("blocks", ["layers", "matrices", DENSE, "backbone"])
@pytest.mark.parametrize(
    "quant",
    [
        ["method=qbert", "quant.groups=4"],
        ["method=q8bert"],
        ["method=dynamic"],
        ["method=qbert", "quant.groups=4", "quant.rules.encoder.match=*.dense"],
    ],
    ids=["groups", "outputs", "dynamic", "some in float"],
)
def test_sizes_are_those_of_the_model(quant: list[str], blocks: str) -> None:
    rules, model = rules_of(*quant), tiny_bert()
    shapes = layer_shapes(model)
    plan = expand_rules(
        {name: instantiate(each) for name, each in rules.items()}, shapes
    )
    names = list(select_blocks(model, blocks))
    beside = stored_bits(model, plan)
    known = {name: tuple(each.shape) for name, each in model.named_parameters()}
    if blocks != "backbone":
        known = encoder_parameters(shapes)
    assert stored_sizes(rules, known, names, WIDTHS) == block_sizes(
        plan, shapes, names, WIDTHS, beside
    )


def test_all_parameters_of_the_encoder_are_told_from_its_matrices() -> None:
    model = tiny_bert()
    assert encoder_parameters(layer_shapes(model)) == {
        name: tuple(each.shape)
        for name, each in model.named_parameters()
        if ".encoder." in name
    }


def test_other_formats_have_no_formula_here() -> None:
    rules = {"x": {"match": "*", "weight": {"_target_": "elsewhere.TernarySpec"}}}
    assert stored_weights(rules, {"a": (4, 4)}) is None
    assert stored_sizes(rules, {"a.weight": (4, 4)}, ["a"], [2]) is None


def test_granularity_is_one_range_unless_said_otherwise() -> None:
    assert granularity_of({}) == PerTensor()
    node = {"_target_": "qbert_lightning.plan.RowGroups", "num_groups": 3}
    assert granularity_of({"granularity": node}) == RowGroups(3)
