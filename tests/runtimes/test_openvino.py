"""OpenVINO's file: its size, its place, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from qbert_lightning.errors import QbertError
from qbert_lightning.export import read_container, write_container
from qbert_lightning.export.companions import deciding_files
from qbert_lightning.export.container import Container
from qbert_lightning.functional.integer_product import cpu_is_exact
from qbert_lightning.layers import layer_shapes
from qbert_lightning.runtimes import OpenVino
from qbert_lightning.runtimes import openvino as openvino_file
from qbert_lightning.runtimes.engine_model import EngineModel
from tests.runtimes.tiny_models import (
    deployed,
    deviation,
    directq,
    padded_batch,
    quantized,
    tiny_model,
)

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")

pytestmark = pytest.mark.skipif(
    not cpu_is_exact(), reason="8-bit products saturate on this processor (no VNNI)"
)


@torch.no_grad()
@pytest.mark.parametrize("plan_name", ["qbert", "directq"])
def test_packed_weights_give_the_same_logits(tmp_path: Path, plan_name: str) -> None:
    model, plan = quantized("labels", plan_name)
    engine = deployed(OpenVino("packed"), model, plan, tmp_path)
    error, effect = deviation(engine, model, tiny_model("labels"))
    assert error < 5e-3 * effect  # a value at the edge of two levels changes so much
    batch = padded_batch()
    assert torch.allclose(engine(**batch).logits, model(**batch).logits, atol=1e-5)


def test_answers_like_the_model(tmp_path: Path) -> None:
    model, plan = quantized("labels", "q8bert")
    engine = deployed(OpenVino(), model, plan, tmp_path)
    assert isinstance(engine, EngineModel)
    assert not list(engine.parameters())
    batch = padded_batch()
    expected, found = model(**batch), engine(**batch, labels=torch.zeros(5))
    assert type(found) is type(expected)
    assert found.logits.dtype == torch.float32
    assert engine.config.id2label == model.config.id2label
    ids = batch["input_ids"][:1]
    assert torch.allclose(
        engine(ids).logits,
        engine(ids, torch.ones_like(ids), torch.zeros_like(ids)).logits,
    )


def test_codes_take_their_true_width_in_the_file(tmp_path: Path) -> None:
    sizes = {}
    for bits in (2, 3, 8):
        plan = directq(layer_shapes(tiny_model()))
        plan = plan.with_weight_bits(dict.fromkeys(plan, bits))
        model, plan = quantized("labels", plan)
        folder = tmp_path / str(bits)
        folder.mkdir()
        deployed(OpenVino(), model, plan, folder)
        parts = read_container(folder / "deployed" / OpenVino.file_name).tensors
        sizes[bits] = len(parts["weights"])
    weights = sum(rows * columns for rows, columns in layer_shapes(model).values())
    for bits in (3, 8):
        growth = sizes[bits] - sizes[2]
        assert growth == pytest.approx((bits - 2) * weights / 8, abs=600)


def test_a_file_put_in_its_place_between_check_and_use_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, plan = quantized("labels", "float_plan")
    deployed(OpenVino(), model, plan, tmp_path)
    folder = tmp_path / "deployed"

    def read_and_replace(file: Path) -> Container:
        found = read_container(file)
        parts = {name: each.clone() for name, each in found.tensors.items()}
        parts["weights"][-1] ^= 1
        file.unlink()
        write_container(file, parts, deciding_files(folder))
        return found

    monkeypatch.setattr(openvino_file, "read_container", read_and_replace)
    with pytest.raises(QbertError, match="another file came in its place") as caught:
        OpenVino().load(folder)
    assert caught.value.code == 4


def test_other_weights_are_refused() -> None:
    with pytest.raises(QbertError, match="accepted int8, packed"):
        OpenVino("int4")


def test_a_processor_that_saturates_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_file, "cpu_is_exact", lambda: False)
    model, plan = quantized("labels", "float_plan")
    with pytest.warns(UserWarning, match="no VNNI.*accepted runtime=integer"):
        deployed(OpenVino(), model, plan, tmp_path)


def test_a_network_that_openvino_cannot_read_is_refused(tmp_path: Path) -> None:
    model, plan = quantized("labels", "float_plan")
    deployed(OpenVino(), model, plan, tmp_path)
    folder = tmp_path / "deployed"
    file = folder / OpenVino.file_name
    parts = read_container(file).tensors
    nonsense = torch.tensor([*b"<xml"], dtype=torch.uint8)
    write_container(file, parts | {"network": nonsense}, deciding_files(folder))
    with pytest.raises(QbertError, match="accepted a network") as caught:
        OpenVino().load(folder)
    assert caught.value.code == 4
    assert "\n" not in str(caught.value)


def test_code_that_a_configuration_names_is_not_run(tmp_path: Path) -> None:
    model, plan = quantized("labels", "float_plan")
    deployed(OpenVino(), model, plan, tmp_path)
    folder = tmp_path / "deployed"
    (folder / "strange.py").write_text("raise SystemExit\n")
    file = folder / "config.json"
    named = {"model_type": "strange", "auto_map": {"AutoConfig": "strange.Config"}}
    file.write_text(json.dumps(json.loads(file.read_text()) | named))
    network = folder / OpenVino.file_name
    write_container(network, load_file(network), deciding_files(folder))
    with pytest.raises(QbertError, match="model_type 'strange'") as caught:
        OpenVino().load(folder)
    assert caught.value.code == 4
