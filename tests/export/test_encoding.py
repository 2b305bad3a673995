"""Codes of a live model and of its packed folder are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.export import encoded_weights, read_packed
from qbert_lightning.export.encoding import stored_parts, take_encoded
from qbert_lightning.layers import apply_plan
from qbert_lightning.observers import MinMax
from qbert_lightning.plan import PerTensor, QuantPlan, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from tests.export.models import mixed_plan, packed_folder
from tests.tiny import tiny_bert

LAYER = "bert.pooler.dense"


def test_live_and_packed_codes_are_equal(tmp_path: Path) -> None:
    model = packed_folder(tmp_path, mixed_plan())
    live, packed = encoded_weights(model), read_packed(tmp_path).weights
    assert list(live) == list(packed) == list(mixed_plan())
    for name, encoded in live.items():
        found = packed[name]
        assert found.num_bits == encoded.num_bits == mixed_plan().weight_bits()[name]
        assert found.shape == encoded.shape
        assert torch.equal(found.codes, encoded.codes.flatten())
        assert found.tensors.keys() == encoded.tensors.keys()
        for part, values in encoded.tensors.items():
            assert torch.equal(found.tensors[part], values)


def test_the_rest_of_a_packed_folder_comes_under_its_own_names(tmp_path: Path) -> None:
    model = packed_folder(tmp_path, mixed_plan())
    packed = read_packed(tmp_path)
    weights = {f"{name}.weight" for name in packed.weights}
    assert packed.tensors.keys() == model.state_dict().keys() - weights
    for name, tensor in packed.tensors.items():
        assert torch.equal(tensor, model.state_dict()[name])


@pytest.mark.parametrize(
    ("part", "value", "complaint"),
    [
        ("codes", None, "codes: missing"),
        ("scale", None, "offset: accepted offset, scale"),
        ("offset", None, "scale: accepted offset, scale"),
        ("extra", torch.zeros(4), "extra"),
        ("scale", torch.ones(3), r"\[3\]: accepted float32 \[4\]"),
        ("scale", torch.ones(4, dtype=torch.int64), "accepted float32"),
        ("scale", torch.tensor([1.0, 1.0, 0.0, 1.0]), "above zero"),
        ("scale", torch.tensor([1.0, 1.0, -1.0, 1.0]), "above zero"),
        ("scale", torch.full((4,), 3e38), "levels are finite"),
    ],
)
def test_parts_of_no_encoding_are_refused(
    part: str, value: torch.Tensor | None, complaint: str
) -> None:
    model = tiny_bert()
    spec = AffineSpec(3, granularity=RowGroups(4))
    apply_plan(model, QuantPlan({LAYER: QuantScheme(weight=spec)}))
    tensors = stored_parts(LAYER, encoded_weights(model)[LAYER])
    tensors.pop(f"{LAYER}.weight.{part}", None)
    if value is not None:
        tensors[f"{LAYER}.weight.{part}"] = value
    with pytest.raises(QbertError, match=complaint) as caught:
        take_encoded(model, tensors)
    assert caught.value.code == 4
    assert LAYER in str(caught.value)


def test_the_code_that_symmetric_levels_leave_out_is_refused() -> None:
    model = tiny_bert()
    spec = AffineSpec(2, granularity=PerTensor(), symmetric=True)
    apply_plan(model, QuantPlan({LAYER: QuantScheme(weight=spec)}))
    tensors = stored_parts(LAYER, encoded_weights(model)[LAYER])
    tensors[f"{LAYER}.weight.codes"][0] |= 3
    with pytest.raises(QbertError, match="code 3: accepted 0 to 2"):
        take_encoded(model, tensors)


def test_bits_beyond_the_last_code_are_refused() -> None:
    model = tiny_bert()
    model.classifier = torch.nn.Linear(3, 3)
    plan = QuantPlan({"classifier": QuantScheme(weight=AffineSpec(3))})
    apply_plan(model, plan)
    tensors = stored_parts("classifier", encoded_weights(model)["classifier"])
    assert take_encoded(model, dict(tensors))
    tensors["classifier.weight.codes"][-1] |= 8  # nine codes take 27 of 32 bits
    with pytest.raises(QbertError, match="bits beyond the last code"):
        take_encoded(model, tensors)


def test_an_observed_weight_is_refused() -> None:
    model = tiny_bert()
    apply_plan(model, QuantPlan({LAYER: QuantScheme(weight=AffineSpec(8))}))
    tensors = stored_parts(LAYER, encoded_weights(model)[LAYER])
    observed = AffineSpec(8, observer=MinMax())
    apply_plan(model, QuantPlan({LAYER: QuantScheme(weight=observed)}))
    with pytest.raises(QbertError, match="observer: accepted none"):
        take_encoded(model, tensors)
