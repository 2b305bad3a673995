from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.export.locate import holds_codes, holds_plan, model_folder
from qbert_lightning.plan import QuantPlan
from tests.export.models import mixed_plan, packed_folder


def stage(outputs: Path, name: str) -> Path:
    folder = outputs / "stages" / name / "0123"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").touch()
    return folder


def run(outputs: Path, **stages: Path) -> Path:
    folder = outputs / "sweeps" / "s" / "0"
    folder.mkdir(parents=True)
    entries = {name: {"folder": str(place)} for name, place in stages.items()}
    (folder / "run.json").write_text(json.dumps({"stages": entries}))
    return folder


def test_the_stage_to_ship_comes_first(tmp_path: Path) -> None:
    names = ("finetune", "quantize", "export")
    places = {name: stage(tmp_path, name) for name in names}
    folder = run(tmp_path, **places)
    for name in reversed(names):
        assert model_folder(folder) == places[name]
        assert model_folder(places[name]) == places[name]
        (places[name] / "model.safetensors").unlink()
    with pytest.raises(QbertError, match="no model"):
        model_folder(folder)


def test_the_stage_with_an_engines_file_is_found(tmp_path: Path) -> None:
    places = {name: stage(tmp_path, name) for name in ("export", "deploy")}
    folder = run(tmp_path, **places)
    (places["deploy"] / "model.onnx").touch()
    assert model_folder(folder) == places["export"]
    assert model_folder(folder, "model.onnx") == places["deploy"]
    with pytest.raises(QbertError, match="no model"):
        model_folder(folder, "other.onnx")


def test_moved_outputs_are_found(tmp_path: Path) -> None:
    before = tmp_path / "before"
    run(before, quantize=stage(before, "quantize"))
    after = before.rename(tmp_path / "after")
    found = model_folder(after / "sweeps" / "s" / "0")
    assert found == after / "stages" / "quantize" / "0123"


def test_kinds_are_told_apart(tmp_path: Path) -> None:
    for name, plan in (("packed", mixed_plan()), ("float", QuantPlan())):
        (tmp_path / name).mkdir()
        packed_folder(tmp_path / name, plan)
    assert holds_plan(tmp_path / "packed")
    assert not holds_plan(tmp_path)
    assert holds_codes(tmp_path / "packed")
    assert not holds_codes(tmp_path / "float")
