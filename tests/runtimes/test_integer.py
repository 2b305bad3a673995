"""A whole model as integers against the fake-quantized one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import qbert_lightning
from qbert_lightning.errors import QbertError
from qbert_lightning.plan import PerChannel, QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes import Integer
from qbert_lightning.runtimes.packed_embedding import PackedEmbedding
from qbert_lightning.runtimes.packed_linear import IntegerLinear, PackedLinear
from qbert_lightning.runtimes.packed_weight import PackedWeight
from tests.export.models import TOKENIZER, calibrated
from tests.runtimes.schemes import PLANS
from tests.tiny import tiny_batch


@pytest.mark.parametrize("name", PLANS)
def test_logits_are_those_of_the_fake_quantized_model(
    name: str, tmp_path: Path
) -> None:
    model = calibrated(PLANS[name])
    runtime = Integer()
    runtime.check(PLANS[name])
    runtime.write(model, PLANS[name], TOKENIZER, tmp_path)
    integer = runtime.load(tmp_path)
    assert not integer.training
    on_integers = sum(isinstance(m, IntegerLinear) for m in integer.modules())
    on_levels = sum(isinstance(m, PackedLinear) for m in integer.modules())
    is_float = name in ("column groups", "input columns", "weights alone")
    assert (on_integers, on_levels) == ((0, 13) if is_float else (13, 0))
    assert sum(isinstance(m, PackedEmbedding) for m in integer.modules()) == 3
    for seed, size in ((1, 6), (2, 1)):
        batch = tiny_batch(size, seed=seed)
        with torch.no_grad():
            ours, theirs = integer(**batch).logits, model(**batch).logits
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)
        assert torch.equal(ours.argmax(-1), theirs.argmax(-1))


def test_no_weight_of_the_plan_is_held_in_floats(tmp_path: Path) -> None:
    plan = PLANS["mixed bits in row groups"]
    Integer().write(calibrated(plan), plan, TOKENIZER, tmp_path)
    integer = Integer().load(tmp_path)
    stored = load_file(tmp_path / "model.safetensors")
    for name, module in integer.named_modules():
        if isinstance(module, PackedWeight):
            held = sum(b.untyped_storage().nbytes() for b in module.buffers())
            parts = [t for key, t in stored.items() if key.startswith(f"{name}.")]
            assert held == sum(t.numel() * t.element_size() for t in parts), name
    floats = {name.rpartition(".")[2] for name, _ in integer.named_parameters()}
    names = [n for n, p in integer.named_parameters() if p.ndim == 2]
    assert floats == {"weight", "bias"}
    assert names == ["classifier.weight"]  # the plan leaves it out


def test_one_line_loads_it(tmp_path: Path) -> None:
    plan = PLANS["q8bert"]
    Integer().write(calibrated(plan), plan, TOKENIZER, tmp_path)
    integer = qbert_lightning.load(tmp_path, compute="integer")
    assert any(isinstance(module, IntegerLinear) for module in integer.modules())


def test_what_it_cannot_compute_is_refused() -> None:
    by_rows = AffineSpec(8, PerChannel())
    plan = QuantPlan({"some.layer": QuantScheme(weight=by_rows, input=by_rows)})
    with pytest.raises(QbertError, match=r"some.layer .* accepted PerTensor") as caught:
        Integer().check(plan)
    assert caught.value.code == 2


def test_an_altered_file_is_refused(tmp_path: Path) -> None:
    plan = PLANS["one range"]
    Integer().write(calibrated(plan), plan, TOKENIZER, tmp_path)
    file = tmp_path / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(QbertError) as caught:
        Integer().load(tmp_path)
    assert caught.value.code == 4
