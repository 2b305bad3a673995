"""The swap: float checkpoints load, nothing changes that the plan does not name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.layers import (
    QuantizedEmbedding,
    QuantizedLinear,
    apply_plan,
    layer_shapes,
    quantized_layers,
)
from qbert_lightning.plan import QuantPlan, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from tests.tiny import tiny_batch, tiny_bert


def plan_of(model: nn.Module, scheme: QuantScheme) -> QuantPlan:
    return QuantPlan(dict.fromkeys(layer_shapes(model), scheme))


def test_without_quantizers_bit_identical_and_parameters_shared() -> None:
    model, batch = tiny_bert().eval(), tiny_batch()
    parameters = dict(model.named_parameters())
    expected = model(**batch).logits
    apply_plan(model, plan_of(model, QuantScheme()))
    assert torch.equal(model(**batch).logits, expected)
    assert len(quantized_layers(model)) == len(layer_shapes(model)) > 10
    for name, parameter in model.named_parameters():
        assert parameter is parameters[name]


def test_a_float_checkpoint_loads_with_only_quantizer_state_missing() -> None:
    state = tiny_bert().state_dict()
    model = tiny_bert(seed=1)
    apply_plan(model, plan_of(model, QuantScheme(weight=AffineSpec(4))))
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected
    assert all(key.endswith(".step") for key in missing)


def test_only_planned_layers_change() -> None:
    model = tiny_bert()
    apply_plan(model, QuantPlan({"bert.encoder.layer.0.output.dense": QuantScheme()}))
    assert list(quantized_layers(model)) == ["bert.encoder.layer.0.output.dense"]


def test_applying_again_gives_fresh_quantizers() -> None:
    model = tiny_bert()
    apply_plan(model, plan_of(model, QuantScheme(weight=AffineSpec(8))))
    apply_plan(model, plan_of(model, QuantScheme(weight=AffineSpec(2))))
    layer = quantized_layers(model)["bert.encoder.layer.0.output.dense"]
    assert layer.scheme.weight == AffineSpec(2)


@pytest.mark.parametrize(
    "name", ["bert.nowhere", "bert.encoder.layer.0.output.LayerNorm"]
)
def test_layers_that_cannot_be_quantized_are_named(name: str) -> None:
    with pytest.raises(QbertError, match=name):
        apply_plan(tiny_bert(), QuantPlan({name: QuantScheme()}))


def test_groups_that_do_not_fit_name_the_layer() -> None:
    scheme = QuantScheme(weight=AffineSpec(4, RowGroups(5)))
    with pytest.raises(QbertError, match="query rows=16"):
        apply_plan(
            tiny_bert(),
            QuantPlan({"bert.encoder.layer.0.attention.self.query": scheme}),
        )


def test_types() -> None:
    model = tiny_bert()
    apply_plan(model, plan_of(model, QuantScheme()))
    assert isinstance(model.classifier, QuantizedLinear)
    assert isinstance(model.bert.embeddings.word_embeddings, QuantizedEmbedding)
