"""One line from a path of any kind to a model with the expected logits."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub.utils import filter_repo_objects
from transformers import PreTrainedModel

import qbert_lightning
from qbert_lightning import models
from qbert_lightning.errors import QbertError
from qbert_lightning.export import (
    checkpoint,
    companions,
    save_checkpoint,
    save_packed,
)
from qbert_lightning.layers import layer_shapes
from qbert_lightning.loading import COMPUTES, KINDS, FoundModel, find_model
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes import Integer, OnnxRuntime, OpenVino
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
        models, "fetch_snapshot", lambda name: asked.append(name) or packed
    )
    assert_same(qbert_lightning.load("owner/name@v1"), model)
    assert asked == ["owner/name@v1"]


class StandInHub:
    """A repository in a folder, whose files are fetched into a cache when asked for."""

    def __init__(self, repository: Path, cache: Path) -> None:
        self.repository, self.cache = repository, cache
        cache.mkdir()

    def fetch(self, name: str, *, allow_patterns: list[str], **_: object) -> str:
        assert name == "owner/name"
        names = [path.name for path in self.repository.iterdir()]
        for each in filter_repo_objects(names, allow_patterns=allow_patterns):
            shutil.copyfile(self.repository / each, self.cache / each)
        return str(self.cache)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandInHub:
    (tmp_path / "repository").mkdir()
    found = StandInHub(tmp_path / "repository", tmp_path / "cache")
    monkeypatch.setattr("qbert_lightning.models.hub._hub_answers", lambda: True)
    monkeypatch.setattr(
        "qbert_lightning.models.snapshot.snapshot_download", found.fetch
    )
    return found


def write_float(*own: Any) -> None:  # noqa: ANN401
    tiny_bert().save_pretrained(own[-1])
    TOKENIZER.save_pretrained(own[-1])


WRITERS: dict[str, Callable[..., None]] = {
    "openvino": lambda *own: OpenVino().write(*own),
    "onnxruntime": lambda *own: OnnxRuntime().write(*own),
    "packed": save_packed,
    "integer": save_packed,
    "checkpoint": save_checkpoint,
    "float": write_float,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_on_the_hub_as_in_a_folder(
    kind: str, hub: StandInHub
) -> None:
    plan = QuantPlan(
        {
            name: QuantScheme(weight=AffineSpec(8))
            for name in layer_shapes(tiny_bert())
            if "embeddings" in name
        }
    )
    WRITERS[kind](calibrated(plan), plan, TOKENIZER, hub.repository)
    batch = tiny_batch()
    expected = find_model(hub.repository, (kind,)).load()(**batch).logits
    found = find_model("owner/name", (kind,))
    assert found == FoundModel(hub.cache, kind)
    assert torch.equal(found.load()(**batch).logits, expected)
    assert find_model("owner/name").kind == {"integer": "packed"}.get(kind, kind)


def test_an_onnx_file_beside_a_float_model_is_not_fetched(hub: StandInHub) -> None:
    tiny_bert().save_pretrained(hub.repository)
    (hub.repository / "model.onnx").write_bytes(b"of somebody else")
    assert find_model("owner/name").kind == "float"
    assert not (hub.cache / "model.onnx").exists()
    with pytest.raises(QbertError, match="has a float model"):
        find_model("owner/name", ("onnxruntime",), "--runtime onnxruntime")
    assert (hub.cache / "model.onnx").exists()
    assert find_model("owner/name").kind == "float"


def test_what_was_fetched_before_decides_nothing(packed: Path, hub: StandInHub) -> None:
    shutil.copytree(packed, hub.repository, dirs_exist_ok=True)
    (hub.repository / "model.onnx").touch()
    both = ("onnxruntime", "packed")
    for _ in range(2):  # the second time all is in the cache
        assert find_model("owner/name").kind == "packed"
        assert find_model("owner/name", both).kind == "packed"
        assert find_model("owner/name", ("onnxruntime",)).kind == "onnxruntime"
        assert (hub.cache / "model.onnx").exists()


def test_a_copy_of_a_repository_is_the_same_model(packed: Path) -> None:
    (packed / "model.onnx").touch()
    assert find_model(packed).kind == "packed"
    assert find_model(packed, ("onnxruntime",)).kind == "onnxruntime"


def test_what_was_fetched_before_is_not_told_either(hub: StandInHub) -> None:
    for name in ("model.onnx", "plan.json"):
        (hub.repository / name).touch()
    for _ in range(2):
        with pytest.raises(QbertError, match="owner/name: no model") as no:
            find_model("owner/name", ("integer",))
        assert no.value.code == 4
        assert find_model("owner/name").kind == "onnxruntime"


def test_a_name_that_the_hub_has_not_may_have_been_a_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(name: str) -> Path:
        raise QbertError("it does not answer", 3)

    monkeypatch.setattr(models, "fetch_snapshot", fail)
    complaint = "^outputs/mine: no such folder, and on the hub: it does not answer"
    with pytest.raises(QbertError, match=complaint) as caught:
        qbert_lightning.load("outputs/mine")
    assert caught.value.code == 3


def test_a_file_that_must_not_be_read_is_told(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, opened = find_model(packed, ("integer",)), Path.open

    def refuse(path: Path, *mode: str) -> object:
        if path.parent == packed:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *mode)

    monkeypatch.setattr(Path, "open", refuse)
    for ask in (found.load, lambda: find_model(packed)):
        with pytest.raises(QbertError, match=r"abc: Permission denied") as caught:
            ask()
        assert caught.value.code == 4


@pytest.mark.parametrize(
    ("path", "compute", "code", "complaint"),
    [
        ("/nowhere/at/all", "float", 4, "/nowhere/at/all: no model: accepted"),
        ("~nobody-at-all/there/it", "float", 4, "no model: accepted"),
        ("n" * 300, "float", 4, "n: File name too long: accepted a folder"),
        ("/nowhere/at/all", "magic", 2, "compute='magic': accepted float, integer"),
    ],
)
def test_what_cannot_be_loaded_is_told_in_one_line(
    path: str, compute: str, code: int, complaint: str
) -> None:
    with pytest.raises(QbertError, match=complaint) as caught:
        qbert_lightning.load(path, compute)
    assert caught.value.code == code


def test_a_checkpoint_has_no_codes_to_keep_packed(
    model: PreTrainedModel, tmp_path: Path
) -> None:
    save_checkpoint(model, mixed_plan(), TOKENIZER, tmp_path)
    with pytest.raises(QbertError, match=r"'integer': .* has a quantized check") as no:
        qbert_lightning.load(tmp_path, "integer")
    assert no.value.code == 2


def test_integers_answer_from_a_packed_folder(packed: Path) -> None:
    batch = tiny_batch()
    logits = [
        qbert_lightning.load(packed, compute)(**batch).logits for compute in COMPUTES
    ]
    torch.testing.assert_close(*logits, atol=1e-4, rtol=0)


def test_each_kind_is_told_by_its_files(packed: Path, tmp_path: Path) -> None:
    for folder, kinds in {
        packed: {"packed", "integer"},
        tmp_path / "checkpoint": {"checkpoint"},
        tmp_path / "float": {"float"},
        tmp_path / "onnx": {"onnxruntime"},
        tmp_path / "openvino": {"openvino"},
        tmp_path / "nothing": set(),
    }.items():
        folder.mkdir(exist_ok=True)
        if folder.name == "checkpoint":
            save_checkpoint(calibrated(mixed_plan()), mixed_plan(), TOKENIZER, folder)
        if folder.name == "float":
            tiny_bert().save_pretrained(folder)
        if folder.name == "onnx":
            (folder / companions.PLAN_FILE).touch()
            (folder / "model.onnx").touch()
        if folder.name == "openvino":
            (folder / "openvino.safetensors").touch()
        assert {name for name, kind in KINDS.items() if kind.fits(folder)} == kinds


def test_kinds_are_told_by_what_the_runtimes_write() -> None:
    own = {"openvino": OpenVino, "onnxruntime": OnnxRuntime, "integer": Integer}
    for name, runtime in own.items():
        assert KINDS[name].holds[0] == runtime.file_name
    assert KINDS["checkpoint"].holds == (checkpoint.MODEL_FILE, companions.PLAN_FILE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_without_a_model_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(QbertError, match=r"model\.safetensors \+ plan\.json") as no:
        find_model(tmp_path, (kind,))
    assert no.value.code == 4


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
