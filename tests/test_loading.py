"""One line from a path of any kind to a model with the expected logits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

import qbert_lightning
from qbert_lightning import loading
from qbert_lightning.errors import QbertError
from qbert_lightning.export import save_checkpoint, save_packed
from tests.export.models import TOKENIZER, calibrated, mixed_plan
from tests.tiny import tiny_batch, tiny_bert


@pytest.fixture(scope="module")
def model() -> PreTrainedModel:
    return calibrated(mixed_plan())


@pytest.fixture
def packed(model: PreTrainedModel, tmp_path: Path) -> Path:
    folder = tmp_path / "outputs" / "stages" / "export" / "abc"
    folder.mkdir(parents=True)
    save_packed(model, mixed_plan(), TOKENIZER, folder)
    return folder


def assert_same(loaded: torch.nn.Module, model: PreTrainedModel) -> None:
    assert not loaded.training
    batch = tiny_batch(seed=1)
    assert torch.equal(loaded(**batch).logits, model.eval()(**batch).logits)


def test_a_packed_folder_is_one_line(model: PreTrainedModel, packed: Path) -> None:
    assert_same(qbert_lightning.load(packed), model)
    assert_same(qbert_lightning.load(str(packed), compute="float"), model)


@pytest.mark.parametrize("moved", [False, True])
def test_a_run_leads_to_its_model(
    model: PreTrainedModel, packed: Path, moved: bool
) -> None:
    outputs = packed.parents[2]
    run = outputs / "runs" / "one"
    run.mkdir(parents=True)
    stages = {"finetune": {"folder": "/gone"}, "export": {"folder": str(packed)}}
    (run / "run.json").write_text(json.dumps({"stages": stages}))
    if moved:
        outputs = outputs.rename(outputs.parent / "elsewhere")
    assert_same(qbert_lightning.load(outputs / "runs" / "one"), model)


def test_a_checkpoint_keeps_simulating(model: PreTrainedModel, tmp_path: Path) -> None:
    save_checkpoint(model, mixed_plan(), TOKENIZER, tmp_path)
    assert_same(qbert_lightning.load(tmp_path), model)


def test_a_float_folder_is_a_model_too(tmp_path: Path) -> None:
    model = tiny_bert()
    model.save_pretrained(tmp_path)
    TOKENIZER.save_pretrained(tmp_path)
    assert_same(qbert_lightning.load(tmp_path), model)


def test_a_hub_name_is_fetched(
    model: PreTrainedModel, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        loading, "fetch_snapshot", lambda name: asked.append(name) or packed
    )
    assert_same(qbert_lightning.load("owner/name@v1"), model)
    assert asked == ["owner/name@v1"]


@pytest.mark.parametrize(
    ("path", "compute", "code", "complaint"),
    [
        ("/nowhere/at/all", "float", 4, "/nowhere/at/all: no model: accepted"),
        ("/nowhere/at/all", "magic", 2, "compute='magic': accepted float, integer"),
    ],
)
def test_what_cannot_be_loaded_is_told_in_one_line(
    path: str, compute: str, code: int, complaint: str
) -> None:
    with pytest.raises(QbertError, match=complaint) as caught:
        qbert_lightning.load(path, compute)
    assert caught.value.code == code


def test_a_run_without_model_is_refused(tmp_path: Path) -> None:
    for content in ({"stages": {"analyze": {"folder": "x"}}}, {"stages": 3}, []):
        (tmp_path / "run.json").write_text(json.dumps(content))
        with pytest.raises(QbertError, match="no model") as caught:
            qbert_lightning.load(tmp_path)
        assert caught.value.code == 4


def test_importing_the_package_stays_light() -> None:
    code = "import sys, qbert_lightning; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
