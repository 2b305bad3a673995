from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.locate import holds_codes, model_folders
from qbert_lightning.plan import QuantPlan
from tests.export.models import mixed_plan, packed_folder


def stage(outputs: Path, name: str) -> Path:
    folder = outputs / "stages" / name / "0123"
    folder.mkdir(parents=True)
    (folder / MODEL_FILE).touch()
    return folder


def run(outputs: Path, **stages: Path) -> Path:
    folder = outputs / "sweeps" / "s" / "0"
    folder.mkdir(parents=True)
    entries = {name: {"folder": str(place)} for name, place in stages.items()}
    (folder / "run.json").write_text(json.dumps({"stages": entries}))
    return folder


def test_the_stage_to_ship_comes_first(tmp_path: Path) -> None:
    names = ("finetune", "quantize", "export", "deploy")
    places = {name: stage(tmp_path, name) for name in names}
    folder = run(tmp_path, **places)
    found = [place for place in model_folders(folder) if (place / MODEL_FILE).exists()]
    ordered = ("export", "deploy", "quantize", "finetune")
    assert list(dict.fromkeys(found)) == [places[name] for name in ordered]
    assert model_folders(places["export"]) == [places["export"]]


def test_moved_outputs_are_found(tmp_path: Path) -> None:
    before = tmp_path / "before"
    run(before, quantize=stage(before, "quantize"))
    after = before.rename(tmp_path / "after")
    found = model_folders(after / "sweeps" / "s" / "0")
    assert after / "stages" / "quantize" / "0123" in found


def test_a_broken_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"stages"')
    with pytest.raises(QbertError, match=r"run\.json") as caught:
        model_folders(tmp_path)
    assert caught.value.code == 4


def test_kinds_are_told_apart(tmp_path: Path) -> None:
    for name, plan in (("packed", mixed_plan()), ("float", QuantPlan())):
        (tmp_path / name).mkdir()
        packed_folder(tmp_path / name, plan)
    assert holds_codes(tmp_path / "packed")
    assert not holds_codes(tmp_path / "float")
