"""Sizes foretold against those of the plans that a budget allows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from qbert_lightning.errors import USAGE, QbertError
from qbert_lightning.layers import layer_shapes
from qbert_lightning.pipeline.composition import Command
from qbert_lightning.pipeline.instantiate import instantiate
from qbert_lightning.pipeline.planned_jobs import planned_sweep
from qbert_lightning.pipeline.predicted_size import predicted_size
from qbert_lightning.pipeline.stored_bits import stored_bits
from qbert_lightning.plan import QuantPlan, block_sizes, expand_rules, storage_bits
from qbert_lightning.plan.size import BITS_PER_MEGABYTE
from tests.tiny import tiny_bert

BLOCKS = ["bert.encoder.layer.0", "bert.encoder.layer.1"]
CHOSEN = ["method=qbert_mp", "quant.groups=4", "allocator.candidate_bits=[2,4]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A float model."""
    save_file(tiny_bert().state_dict(), tmp_path / "model.safetensors")
    return tmp_path


@pytest.fixture(scope="module")
def chosen() -> dict[str, Any]:
    """The resolved configuration of a run with a budget."""
    [job] = planned_sweep(Command("run", CHOSEN)).jobs
    return job.config


def with_budget(run: dict[str, Any], key: str, value: float) -> dict[str, Any]:
    budget = {"average_bits": None, "megabytes": None, key: value}
    return {**run, "allocator": {**run["allocator"], **budget}}


def plan_of(run: dict[str, Any]) -> QuantPlan:
    rules = {name: instantiate(each) for name, each in run["quant"]["rules"].items()}
    return expand_rules(rules, layer_shapes(tiny_bert()))


def num_bytes(run: dict[str, Any], bits: dict[str, int]) -> int:
    """Of the whole model at these widths."""
    parameters = {name: each.shape for name, each in tiny_bert().named_parameters()}
    return storage_bits(plan_of(run).with_weight_bits(bits), parameters) // 8


def megabytes(run: dict[str, Any], bits: dict[str, int]) -> float:
    """The budget that these widths use up."""
    model, plan = tiny_bert(), plan_of(run)
    beside = stored_bits(model, plan)
    sizes = block_sizes(plan, layer_shapes(model), BLOCKS, [2, 4], beside)
    used = sum(sizes[name].storage_bits[width] for name, width in bits.items())
    return used / BITS_PER_MEGABYTE


@pytest.mark.parametrize("widths", [(2, 2), (2, 4), (4, 4)])
def test_a_budget_that_is_used_up_is_foretold_to_the_byte(
    chosen: dict[str, Any], folder: Path, widths: tuple[int, int]
) -> None:
    bits = dict(zip(BLOCKS, widths, strict=True))
    for run in (
        with_budget(chosen, "megabytes", megabytes(chosen, bits)),
        with_budget(chosen, "average_bits", sum(widths) / 2),
    ):
        assert str(predicted_size(run, folder)) == f"≤ {num_bytes(chosen, bits):,}"


def test_more_than_the_widest_is_never_foretold(
    chosen: dict[str, Any], folder: Path
) -> None:
    found = predicted_size(with_budget(chosen, "megabytes", 99.0), folder)
    assert found is not None
    assert found.num_bytes == num_bytes(chosen, dict.fromkeys(BLOCKS, 4))


def test_a_budget_below_the_smallest_is_refused_once_shapes_are_known(
    chosen: dict[str, Any], folder: Path
) -> None:
    run = with_budget(chosen, "megabytes", 0.001)
    assert predicted_size(run, None) is None
    with pytest.raises(QbertError, match=r"allocator\.megabytes=0\.001") as refused:
        predicted_size(run, folder)
    assert refused.value.code == USAGE
