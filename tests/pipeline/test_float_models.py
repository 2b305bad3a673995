from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from qbert_lightning.pipeline.float_models import FloatModels, parameter_shapes


def config(**changes: object) -> dict[str, Any]:
    base = {
        "checkpoint": None,
        "task": {"data": {"shape": "pair", "num_workers": 0}, "module": {"m": 1}},
        "model": {"hidden_size": 8},
        "objective": {"o": 1},
        "finetune": {"max_steps": 3, "seed": 0},
        "trainer": {"precision": "32-true"},
    }
    return base | changes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One finished stage, and two that are none."""
    stages = tmp_path / "stages" / "finetune"
    key = FloatModels(tmp_path).key(config())
    key["task"]["rows"] = "digest of the rows"
    for name, text in {
        "abc": json.dumps({"key": key}),
        "bad": "{",
        "old": json.dumps({"key": {"task": None}}),
    }.items():
        (stages / name).mkdir(parents=True)
        (stages / name / "stage.json").write_text(text)
    return stages / "abc"


def test_a_float_model_is_found_by_all_it_depends_on(folder: Path) -> None:
    models = FloatModels(folder.parents[2])
    assert models.find(config()) == folder
    moved = {"data": {"shape": "pair", "num_workers": 4, "folder": "/x"},
             "module": {"m": 1}}  # fmt: skip
    assert models.find(config(task=moved)) == folder
    for change in (
        {"finetune": {"max_steps": 3, "seed": 1}},
        {"model": {"hidden_size": 16}},
        {"objective": {"o": 2}},
        {"trainer": {"precision": "bf16-mixed"}},
        {"task": {"data": {"shape": "span"}, "module": {"m": 1}}},
    ):
        assert models.find(config(**change)) is None
    assert models.find(config(checkpoint="/given")) == Path("/given")


def test_one_trained_otherwise_has_the_same_shapes(folder: Path) -> None:
    models = FloatModels(folder.parents[2])
    assert models.alike(config(finetune={"max_steps": 9})) == folder
    assert models.alike(config(model={"hidden_size": 16})) is None


def test_shapes_are_read_from_the_header_alone(tmp_path: Path) -> None:
    tensors = {"a.weight": torch.zeros(3, 5), "a.bias": torch.zeros(3)}
    save_file(tensors, tmp_path / "model.safetensors", {"format": "pt"})
    assert parameter_shapes(tmp_path) == {"a.weight": (3, 5), "a.bias": (3,)}


@pytest.mark.parametrize("content", [b"", b"\xff" * 16, b"\x02" + b"\0" * 7 + b"[]"])
def test_what_is_no_file_of_weights_has_no_shapes(
    tmp_path: Path, content: bytes
) -> None:
    assert parameter_shapes(tmp_path) == {}
    (tmp_path / "model.safetensors").write_bytes(content)
    assert parameter_shapes(tmp_path) == {}
