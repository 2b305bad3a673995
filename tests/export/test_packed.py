"""The packed artifact: same logits, true size, and it knows when it was altered."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch
from transformers import PreTrainedModel

from qbert_lightning.errors import QbertError
from qbert_lightning.export import (
    header_bytes,
    load_checkpoint,
    load_packed,
    save_checkpoint,
    save_packed,
)
from qbert_lightning.layers import apply_plan
from qbert_lightning.plan import QuantPlan, QuantScheme, storage_bits
from qbert_lightning.quantizers import AffineSpec
from tests.export.models import TOKENIZER, calibrated, mixed_plan
from tests.tiny import tiny_batch, tiny_bert


@pytest.fixture
def model() -> PreTrainedModel:
    return calibrated(mixed_plan())


def test_packed_model_has_the_logits_of_the_fake_quantized_one(
    model: PreTrainedModel, tmp_path: Path
) -> None:
    save_packed(model, mixed_plan(), TOKENIZER, tmp_path)
    packed, plan = load_packed(tmp_path)
    assert plan == mixed_plan()
    for seed in range(3):
        batch = tiny_batch(seed=seed)
        assert torch.equal(packed(**batch).logits, model(**batch).logits)


def test_checkpoint_keeps_float_weights_and_quantizer_state(
    model: PreTrainedModel, tmp_path: Path
) -> None:
    save_checkpoint(model, mixed_plan(), TOKENIZER, tmp_path)
    again, _ = load_checkpoint(tmp_path)
    state = model.state_dict()
    assert again.state_dict().keys() == state.keys()
    assert all(torch.equal(again.state_dict()[k], state[k]) for k in state)


def test_bytes_on_disk_are_the_computed_ones(
    model: PreTrainedModel, tmp_path: Path
) -> None:
    save_packed(model, mixed_plan(), TOKENIZER, tmp_path)
    file = tmp_path / "model.safetensors"
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
    computed = storage_bits(mixed_plan(), shapes) / 8
    layers, observers = len(mixed_plan()), 12
    state = layers * 8 + observers * (4 + 4 + 8)  # step counters and observers
    data = file.stat().st_size - header_bytes(file)
    assert 0 <= data - computed - state < layers  # the last byte of each stream


@pytest.mark.parametrize("name", ["model.safetensors", "plan.json", "config.json"])
def test_any_altered_byte_is_noticed(
    model: PreTrainedModel, tmp_path: Path, name: str
) -> None:
    save_packed(model, mixed_plan(), TOKENIZER, tmp_path)
    file = tmp_path / name
    original = file.read_bytes()
    chance = random.Random(name)
    for _ in range(60):
        altered = bytearray(original)
        altered[chance.randrange(len(altered))] ^= 1 << chance.randrange(8)
        file.write_bytes(altered)
        with pytest.raises(QbertError) as caught:
            load_packed(tmp_path)
        assert caught.value.code == 4
        assert "\n" not in str(caught.value)
    for length in (0, 7, 100, len(original) - 1):
        file.write_bytes(original[:length])
        with pytest.raises(QbertError):
            load_packed(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(QbertError, match=r"model\.safetensors"):
        load_packed(tmp_path)


def test_float_model_round_trip(tmp_path: Path) -> None:
    model, batch = tiny_bert().eval(), tiny_batch()
    apply_plan(model, QuantPlan())
    save_packed(model, QuantPlan(), TOKENIZER, tmp_path)
    assert torch.equal(load_packed(tmp_path)[0](**batch).logits, model(**batch).logits)


def test_a_layer_that_still_waits_is_refused(tmp_path: Path) -> None:
    name = "bert.encoder.layer.0.output.dense"
    plan = QuantPlan({name: QuantScheme(AffineSpec(4), delay=3)})
    model = tiny_bert()
    apply_plan(model, plan)
    for step in range(3):
        model.eval()
        with pytest.raises(
            QbertError, match=f"delay=3 after {step} training"
        ) as caught:
            save_packed(model, plan, TOKENIZER, tmp_path)
        assert caught.value.code == 1
        model.train()(**tiny_batch())
    save_packed(model.eval(), plan, TOKENIZER, tmp_path)
    packed, batch = load_packed(tmp_path)[0], tiny_batch()
    assert torch.equal(packed(**batch).logits, model(**batch).logits)
