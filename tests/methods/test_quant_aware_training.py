"""Methods on a tiny network: the harm of quantization, and what training gives back."""

from __future__ import annotations

import torch

from qbert_lightning.layers import layer_shapes, quantized_layers
from qbert_lightning.methods import PostTraining, QuantAwareTraining
from qbert_lightning.observers import MinMax
from qbert_lightning.plan import QuantPlan, SchemeRule, expand_rules
from qbert_lightning.quantizers import AffineSpec
from tests.tiny import tiny_batch, tiny_bert


def low_bit_plan(bits: int = 2) -> QuantPlan:
    activation = AffineSpec(8, observer=MinMax())
    rule = SchemeRule("*.encoder.*", weight=AffineSpec(bits), input=activation)
    return expand_rules({"encoder": rule}, layer_shapes(tiny_bert()))


def test_training_lowers_the_loss_of_the_quantized_network() -> None:
    model, batch = tiny_bert(), tiny_batch(24)
    QuantAwareTraining("x").prepare(model, low_bit_plan())
    model.config.hidden_dropout_prob = 0
    before = model(**batch).loss
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(30):
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.8 * before


def test_calibration_sets_every_range_and_moves_no_weight() -> None:
    model = tiny_bert()
    method = PostTraining("x")
    method.prepare(model, low_bit_plan(8))
    weights = [p.clone() for p in model.parameters()]
    method.calibrate(model, [tiny_batch(seed=s) for s in range(3)])
    assert model.training  # put back
    assert all(
        torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True)
    )
    for layer in quantized_layers(model).values():
        assert int(layer.input_quantizer.observer.count) == 3


def test_more_bits_are_closer_to_the_float_network() -> None:
    batch = tiny_batch(32)
    exact = tiny_bert().eval()(**batch).logits
    errors = []
    for bits in (2, 4, 8):
        model = tiny_bert()
        method = PostTraining("x")
        method.prepare(model, low_bit_plan(bits))
        method.calibrate(model, [batch])
        errors.append(float((model.eval()(**batch).logits - exact).norm()))
    assert errors[0] > errors[1] > errors[2]


def test_an_empty_plan_is_the_float_network_and_needs_no_data() -> None:
    model, batch = tiny_bert().eval(), tiny_batch()
    exact = model(**batch).logits
    method = PostTraining("float")
    method.prepare(model, QuantPlan())
    method.calibrate(model, iter([{"never": batch["labels"]}]))
    assert torch.equal(model(**batch).logits, exact)
