"""Naming the place where numbers went bad."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.modules.non_finite import first_non_finite
from tests.tiny import tiny_batch, tiny_bert

LAYERS = (
    "bert.embeddings.word_embeddings",
    "bert.encoder.layer.0.attention.self.key",
    "bert.encoder.layer.1.output.dense",
    "classifier",
)


def test_a_healthy_model() -> None:
    assert first_non_finite(tiny_bert(), tiny_batch()) is None


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_bad_weight_is_named(layer: str, value: float) -> None:
    model = tiny_bert()
    model.get_submodule(layer).weight.data[0, 0] = value
    assert first_non_finite(model, tiny_batch()) == f"weight {layer}.weight"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_bad_activation_is_named(layer: str) -> None:
    model = tiny_bert().eval()
    hook = model.get_submodule(layer).register_forward_hook(
        lambda _, __, y: torch.full_like(y, float("nan"))
    )
    assert first_non_finite(model, tiny_batch()) == f"output of {layer}"
    hook.remove()
    assert first_non_finite(model, tiny_batch()) is None
