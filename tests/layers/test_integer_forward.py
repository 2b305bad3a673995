"""Training on integer products: the same layer, the same numbers, the same ranges."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from qbert_lightning.layers import QuantizedLinear, apply_plan, set_int8_forward
from qbert_lightning.layers.integer_forward import integer_forward
from qbert_lightning.layers.last_input import LastInput
from qbert_lightning.observers import MinMax, MovingAverage, Percentile
from qbert_lightning.plan import (
    ColumnGroups,
    Granularity,
    InputColumnBuckets,
    PerChannel,
    PerTensor,
    PerToken,
    QuantPlan,
    QuantScheme,
    RowGroups,
)
from qbert_lightning.quantizers import AffineSpec
from tests.devices import on_every_device
from tests.tiny import tiny_batch, tiny_bert

OBSERVED = AffineSpec(8, observer=MovingAverage(0.9))


def twins(
    scheme: QuantScheme, bias: bool = True
) -> tuple[QuantizedLinear, QuantizedLinear]:
    """The same layer on integers and on floats."""
    torch.manual_seed(0)
    linear = nn.Linear(12, 8, bias=bias)
    ours, theirs = (
        QuantizedLinear.from_float(copy.deepcopy(linear), scheme, "layer")
        for _ in range(2)
    )
    set_int8_forward(ours, True)
    return ours, theirs


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(
    "observer", [MovingAverage(0.9), MinMax(), Percentile(99.0), None]
)
@pytest.mark.parametrize("granularity", [PerTensor(), RowGroups(4), PerChannel()])
@pytest.mark.parametrize("delay", [0, 2])
def test_agrees_with_fake_quantization_step_by_step(
    symmetric: bool, observer: object, granularity: object, delay: int
) -> None:
    activation = AffineSpec(
        8, symmetric=symmetric, observer=observer, clip_gradient=not symmetric
    )
    weight = AffineSpec(4, granularity, symmetric)
    scheme = QuantScheme(weight, activation, activation if symmetric else None, delay)
    ours, theirs = twins(scheme, bias=delay == 0)
    for step in range(4):
        x = torch.randn(3, 5, 12, generator=torch.Generator().manual_seed(step))
        found = []
        for layer in (ours, theirs):
            inputs = x.clone().requires_grad_()
            layer.zero_grad()
            y = layer(inputs)
            y.sin().sum().backward()
            found.append([y, inputs.grad, *(p.grad for p in layer.parameters())])
        for our, their in zip(*found, strict=True):
            # A value between two levels of the output may round to either.
            tolerance = 0.02 if symmetric and step >= delay else 1e-5
            assert (our - their).abs().max() <= tolerance * their.abs().max()
        for name, tensor in theirs.state_dict().items():
            assert torch.allclose(ours.state_dict()[name], tensor, rtol=1e-5), name


def test_evaluation_with_gradients_is_fake_quantization_to_the_bit() -> None:
    ours, theirs = twins(QuantScheme(AffineSpec(4), OBSERVED))
    x = torch.randn(4, 12, requires_grad=True)
    for layer in (ours, theirs):
        layer(x)
        layer.eval()
    assert torch.equal(ours(x), theirs(x))
    (gradient,) = torch.autograd.grad(ours(x).pow(3).sum(), x, create_graph=True)
    torch.autograd.grad(gradient.sum(), x)  # can be differentiated twice


def test_answers_without_gradients_are_computed_on_codes() -> None:
    ours, theirs = twins(QuantScheme(AffineSpec(4, RowGroups(4)), OBSERVED))
    x = torch.randn(64, 12)
    for layer in (ours, theirs):
        layer(x)
        layer.eval()
    quantizers = ours.input_quantizer, ours.weight_quantizer
    for mode in (torch.no_grad, torch.inference_mode):
        with mode():
            parameters = ours.weight, ours.bias, *quantizers
            on_codes = integer_forward(x, *parameters, LastInput())
            assert torch.equal(ours(x), on_codes)
            assert torch.allclose(ours(x), theirs(x), atol=1e-6)
            assert not torch.equal(ours(x), theirs(x))  # sums in another order


@pytest.mark.parametrize("granularity", [RowGroups(4), InputColumnBuckets(4)])
def test_a_frozen_weight_has_the_same_answers(granularity: Granularity) -> None:
    ours, theirs = twins(QuantScheme(AffineSpec(4, granularity), OBSERVED))
    x = torch.randn(64, 12)
    for layer in (ours, theirs):
        layer(x)
        layer.eval()
    with torch.no_grad():
        on_codes, in_floats = ours(x), theirs(x)
        for layer in (ours, theirs):
            layer.freeze_weight()
        assert torch.equal(ours(x), on_codes)
        assert torch.equal(theirs(x), in_floats)
    assert ours.state_dict().keys() == {"weight", "bias", "step"} | {
        f"input_quantizer.observer.{end}" for end in ("low", "high", "count")
    }


@pytest.mark.parametrize(
    "scheme",
    [
        QuantScheme(AffineSpec(4)),
        QuantScheme(None, OBSERVED),
        QuantScheme(AffineSpec(4, ColumnGroups(6)), OBSERVED),
        QuantScheme(AffineSpec(4), AffineSpec(8, PerToken())),
        QuantScheme(AffineSpec(4), AffineSpec(8, PerChannel())),
        QuantScheme(OBSERVED, OBSERVED),
    ],
)
def test_other_formats_are_left_to_fake_quantization(scheme: QuantScheme) -> None:
    ours, theirs = twins(scheme)
    x = torch.randn(4, 12)
    quantizers = ours.input_quantizer, ours.weight_quantizer
    assert integer_forward(x, ours.weight, ours.bias, *quantizers, LastInput()) is None
    assert torch.equal(ours(x), theirs(x))
    for name, tensor in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], tensor)  # observed once


@on_every_device
def test_a_model_compiles_around_it(device: str) -> None:
    ours, theirs = (
        each.to(device) for each in twins(QuantScheme(AffineSpec(4), OBSERVED))
    )
    # What every compiler does first: it follows tensors that are written to.
    compiled = torch.compile(ours, backend="aot_eager")
    x = torch.randn(4, 12, device=device)
    y, expected = compiled(x), theirs(x)
    assert torch.allclose(y, expected, atol=1e-5)
    y.square().sum().backward()
    expected.square().sum().backward()
    assert torch.allclose(ours.weight.grad, theirs.weight.grad, atol=1e-4)


@on_every_device
def test_a_bert_trains_as_with_fake_quantization(device: str) -> None:
    losses = []
    batch = {name: each.to(device) for name, each in tiny_batch().items()}
    for int8_forward in (True, False):
        model = tiny_bert().to(device)
        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        model.config.attention_probs_dropout_prob = 0.0
        scheme = QuantScheme(AffineSpec(8, RowGroups(4)), OBSERVED)
        names = [name for name, _ in model.named_modules() if name.endswith("dense")]
        apply_plan(model, QuantPlan(dict.fromkeys(names, scheme)))
        set_int8_forward(model, int8_forward)
        optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
        for _ in range(5):
            optimizer.zero_grad()
            loss = model(**batch).loss
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
