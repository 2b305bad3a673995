"""Budgets at the boundary of what can be met."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.errors import USAGE, QbertError
from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.header import read_header
from qbert_lightning.layers import layer_shapes as shapes_of
from qbert_lightning.pipeline.composition import Command, check_command
from qbert_lightning.pipeline.consistency import checked_blocks, layer_shapes
from qbert_lightning.pipeline.instantiate import instantiate
from qbert_lightning.pipeline.planned_jobs import planned_sweep
from qbert_lightning.pipeline.reachable_budget import check_budget
from qbert_lightning.plan import expand_rules
from tests.export.models import packed_folder
from tests.tiny import TINY_CONFIG, tiny_bert

RANKED = {"candidate_bits": [2, 3], "average_bits": 2.5, "megabytes": None}
LAYER = "bert.encoder.layer"
SHAPES = {"bert.encoder.layer.0.output.dense": (16, 24)}


@pytest.mark.parametrize(
    "good",
    [
        {},
        RANKED,
        {**RANKED, "average_bits": 2},
        {**RANKED, "average_bits": 3},
        {**RANKED, "average_bits": None, "megabytes": 5},
        {"candidate_bits": [2, 4]},
    ],
)
def test_budget_that_can_be_met(good: dict[str, Any]) -> None:
    check_budget(good, {}, ["bert.encoder.layer.0"], SHAPES)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"average_bits": 1.5}, r"average_bits=1.5: accepted 2\.\.3"),
        ({"average_bits": 3.01}, r"accepted 2\.\.3"),
        ({"average_bits": None}, "exactly one"),
        ({"megabytes": 1.0}, "exactly one"),
        ({"candidate_bits": []}, "candidate_bits"),
        ({"average_bits": None, "megabytes": 1e-6}, "megabytes=1e-06: accepted from"),
    ],
)
def test_budget_that_cannot_be_met(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(QbertError, match=said):
        check_budget({**RANKED, **changes}, {}, ["bert.encoder.layer.0"], SHAPES)


def bytes_on_disk(folder: Path, rules: dict[str, Any], blocks: list[str]) -> int:
    """What a packed file holds of the encoder with ``blocks`` at two bits."""
    every = {name: instantiate(rule) for name, rule in rules.items()}
    plan = expand_rules(every, shapes_of(tiny_bert()))
    packed_folder(folder, plan.with_weight_bits(dict.fromkeys(blocks, 2)))
    file = folder / MODEL_FILE
    with file.open("rb") as stream:
        entries = read_header(stream, file.stat().st_size, str(file)).entries
    return sum(
        entry.stop - entry.start
        for name, entry in entries.items()
        if name.startswith("bert.encoder.")
    )


@pytest.mark.parametrize(
    ("chosen", "blocks"),
    [
        (["method=qbert_mp", "quant.groups=4"], ["bert.encoder"]),
        (["method=qbert_mp", "quant.groups=8", "blocks=matrices"], ["bert.encoder"]),
        (
            ["method=qbert_mp", "quant=layerwise", "blocks=[*.0.*.query,*.1.output]"],
            [f"{LAYER}.0.attention.self.query", f"{LAYER}.1.output"],
        ),
    ],
    ids=["layers", "matrices", "patterns"],
)  # fmt: skip
def test_one_byte_below_the_smallest_file_is_refused(
    tmp_path: Path, chosen: list[str], blocks: list[str]
) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({**TINY_CONFIG, "model_type": "bert"})
    )
    chosen = [*chosen, "model=local", f"model.name_or_path={tmp_path}"]
    [job] = planned_sweep(Command("run", chosen)).jobs
    (tmp_path / "packed").mkdir()
    least = bytes_on_disk(tmp_path / "packed", job.config["quant"]["rules"], blocks)

    allocator, rules = job.config["allocator"], job.config["quant"]["rules"]
    shapes = layer_shapes(job.config["model"])
    names = checked_blocks(job.config["blocks"], shapes)

    def check(num_bytes: int) -> None:
        budget = {"average_bits": None, "megabytes": num_bytes / 2**20}
        check_budget({**allocator, **budget}, rules, names, shapes)

    check(least)
    with pytest.raises(QbertError) as refused:
        check(least - 1)
    assert refused.value.code == USAGE
    said = str(refused.value)
    assert said.startswith(f"allocator.megabytes={(least - 1) / 2**20}: accepted from ")
    accepted = float(said.partition("accepted from ")[2].partition(",")[0])
    assert 0 <= accepted - least / 2**20 <= 1e-4


def test_a_budget_for_tables_is_not_compared_with_the_encoder() -> None:
    budget = ["allocator.average_bits=null", "allocator.megabytes=0.001"]
    chosen = ["method=qbert_mp", "blocks=embeddings", *budget]
    check_command(Command("run", chosen))
    with pytest.raises(QbertError, match=r"allocator\.megabytes=0\.001"):
        check_command(Command("run", [*chosen, "blocks=layers"]))
