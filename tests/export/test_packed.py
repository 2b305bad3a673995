"""The packed artifact: same logits, true size, and it knows when it was altered."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForTokenClassification, PreTrainedModel

from qbert_lightning.errors import QbertError
from qbert_lightning.export import (
    encoded_weights,
    header_bytes,
    load_checkpoint,
    load_packed,
    save_checkpoint,
    save_packed,
)
from qbert_lightning.layers import apply_plan, quantized_layers, set_int8_forward
from qbert_lightning.methods import PostTraining
from qbert_lightning.plan import QuantPlan, QuantScheme, storage_bits
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes import Integer
from tests.export.models import TOKENIZER, calibrated, mixed_plan, packed_folder
from tests.runtimes.schemes import PLANS
from tests.tiny import TINY_CONFIG, tiny_batch, tiny_bert


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


def answers(model: nn.Module, *, on_codes: bool) -> Tensor:
    set_int8_forward(model, on_codes)
    with torch.inference_mode():
        logits: Tensor = model(**tiny_batch(seed=1)).logits
    return logits


@pytest.mark.parametrize("name", PLANS)
def test_it_has_the_same_logits_on_codes(name: str, tmp_path: Path) -> None:
    live = packed_folder(tmp_path, PLANS[name])
    packed = load_packed(tmp_path)[0]
    for on_codes in (True, False):
        theirs = answers(live, on_codes=on_codes)
        assert torch.equal(answers(packed, on_codes=on_codes), theirs)
    if name in ("mixed bits in row groups", "one range"):  # else sums may agree
        assert not torch.equal(answers(packed, on_codes=True), theirs)


@pytest.mark.parametrize("name", ["q8bert", "mixed bits in row groups", "one range"])
def test_on_codes_they_are_those_of_integers(name: str, tmp_path: Path) -> None:
    """Of each token: a sentence's last layer is computed otherwise there."""
    torch.manual_seed(0)
    model = BertForTokenClassification(BertConfig(**TINY_CONFIG))
    layers = model.state_dict()
    plan = QuantPlan(
        {each: PLANS[name][each] for each in PLANS[name] if f"{each}.weight" in layers}
    )
    method, batch = PostTraining("x"), tiny_batch()
    del batch["labels"]
    method.prepare(model, plan)
    method.calibrate(model, [batch])
    save_packed(model.eval(), plan, TOKENIZER, tmp_path)
    with torch.inference_mode():
        expected = Integer().load(tmp_path)(**batch).logits
        packed = load_packed(tmp_path)[0]
        set_int8_forward(packed, True)
        assert torch.equal(packed(**batch).logits, expected)


@pytest.mark.parametrize("plan", [mixed_plan(), *PLANS.values()])
def test_it_can_be_packed_again(plan: QuantPlan, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    live = packed_folder(first, plan)
    loaded = load_packed(first)[0]
    theirs, ours = encoded_weights(live), encoded_weights(loaded)
    assert ours.keys() == theirs.keys() == plan.keys()
    for name, encoded in theirs.items():
        assert torch.equal(ours[name].codes, encoded.codes), name
    assert loaded.state_dict().keys() == live.state_dict().keys()
    save_packed(loaded, plan, TOKENIZER, second)
    again = load_packed(second)[0].state_dict()
    for name, tensor in loaded.state_dict().items():
        assert torch.equal(again[name], tensor), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_with_gradients_its_weights_are_plain_numbers(
    dtype: torch.dtype, tmp_path: Path
) -> None:
    packed_folder(tmp_path, mixed_plan())
    packed = load_packed(tmp_path)[0].to(dtype)
    plain = copy.deepcopy(packed)
    for layer in quantized_layers(plain).values():
        layer.weight_quantizer = nn.Identity()
    set_int8_forward(packed, True)
    found = []
    for model in (packed, plain):
        output = model(**tiny_batch())
        weights = [p for p in model.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(output.loss, weights, create_graph=True)
        again = torch.autograd.grad(gradients[-1].square().sum(), weights[-1])
        found.append([output.logits, *gradients, *again])
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


def test_a_plan_can_be_applied_anew(model: PreTrainedModel, tmp_path: Path) -> None:
    save_packed(model, mixed_plan(), TOKENIZER, tmp_path)
    packed = load_packed(tmp_path)[0]
    coarse = QuantPlan({name: QuantScheme(AffineSpec(2)) for name in mixed_plan()})
    apply_plan(packed, coarse)
    for encoded in encoded_weights(packed).values():
        assert encoded.num_bits == 2
        assert encoded.tensors["scale"].numel() == 1


def test_it_holds_its_weights_and_their_levels_and_no_more(
    model: PreTrainedModel, tmp_path: Path
) -> None:
    save_packed(model, mixed_plan(), TOKENIZER, tmp_path)
    packed = load_packed(tmp_path)[0]
    tensors = [*packed.parameters(), *packed.buffers()]
    held = {each.untyped_storage().data_ptr(): each for each in tensors}
    levels = (e.tensors.values() for e in encoded_weights(model).values())
    numbers = sum(tensor.numel() for tensors in levels for tensor in tensors)
    expected = sum(each.nbytes for each in [*model.parameters(), *model.buffers()])
    sizes = (each.untyped_storage().nbytes() for each in held.values())
    assert sum(sizes) == expected + 4 * numbers


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
