"""Codes that layers share: only of the same tensor, unchanged, at the same levels."""

from __future__ import annotations

import copy
import gc
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from qbert_lightning.functional import AffineParameters, choose_parameters
from qbert_lightning.layers import apply_plan, set_int8_forward
from qbert_lightning.layers import last_input as module
from qbert_lightning.layers.last_input import LastInput
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from tests.tiny import tiny_batch, tiny_bert


def levels(high: float = 1.0) -> AffineParameters:
    ends = torch.zeros(1, 1), torch.full((1, 1), high)
    return choose_parameters(*ends, 8, symmetric=False)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Gets one entry for every quantization."""
    calls: list[object] = []
    plain = module.quantized_input

    def counting(*values, **named):  # type: ignore[no-untyped-def]  # noqa: ANN002, ANN003, ANN202
        calls.append(None)
        return plain(*values, **named)

    monkeypatch.setattr(module, "quantized_input", counting)
    return calls


def test_one_tensor_is_quantized_once(counted: list[object]) -> None:
    x, last = torch.rand(3, 4), LastInput()
    first = last.quantized(x, levels(), clip_gradient=True)
    again = last.quantized(x, levels(), clip_gradient=True)
    assert again is first
    assert len(counted) == 1


def test_anything_that_differs_is_quantized_again(counted: list[object]) -> None:
    x, last = torch.rand(3, 4), LastInput()
    last.quantized(x, levels(), clip_gradient=True)
    last.quantized(x, levels(), clip_gradient=False)
    last.quantized(x, levels(0.5), clip_gradient=False)
    last.quantized(x.clone(), levels(0.5), clip_gradient=False)
    assert len(counted) == 4


def test_a_tensor_that_was_written_to_is_another() -> None:
    x, last = torch.rand(3, 4), LastInput()
    before = last.quantized(x, levels(), clip_gradient=False)
    x.mul_(0.5)
    after = last.quantized(x, levels(), clip_gradient=False)
    assert not torch.equal(before.matrix.codes, after.matrix.codes)


def test_what_cannot_tell_that_it_was_written_to_is_not_shared(
    counted: list[object],
) -> None:
    with torch.inference_mode():
        x = torch.rand(3, 4)
    last = LastInput()
    first = last.quantized(x, levels(), clip_gradient=True)
    again = last.quantized(x, levels(), clip_gradient=True)
    assert torch.equal(first.matrix.codes, again.matrix.codes)
    assert len(counted) == 2


def test_another_thread_in_between_takes_no_codes_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine, theirs, last = torch.zeros(3, 4), torch.ones(3, 4), LastInput()
    plain = module.ref

    def interrupted(tensor: Tensor, forget: Any) -> Any:  # noqa: ANN401
        if tensor is mine:
            last.quantized(theirs, levels(), clip_gradient=False)
        return plain(tensor, forget)

    monkeypatch.setattr(module, "ref", interrupted)
    found = last.quantized(mine, levels(), clip_gradient=False)
    expected = LastInput().quantized(mine, levels(), clip_gradient=False)
    assert torch.equal(found.matrix.codes, expected.matrix.codes)


def test_codes_go_when_their_tensor_goes() -> None:
    x, last = torch.rand(3, 4), LastInput()
    last.quantized(x, levels(), clip_gradient=True)
    del x
    gc.collect()
    assert last._last is None


def test_a_copy_has_seen_nothing(counted: list[object]) -> None:
    x, last = torch.rand(3, 4), LastInput()
    last.quantized(x, levels(), clip_gradient=True)
    for other in (copy.deepcopy(last), copy.copy(last)):
        other.quantized(x, levels(), clip_gradient=True)
    assert len(counted) == 3


def test_query_key_and_value_share_and_train_as_alone(counted: list[object]) -> None:
    activation = AffineSpec(8, observer=MovingAverage(0.9))
    scheme = QuantScheme(AffineSpec(4), activation)
    gradients = []
    for shares in (True, False):
        model = tiny_bert()
        names = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
        names = [name for name in names if ".encoder.layer." in name]
        apply_plan(model, QuantPlan(dict.fromkeys(names, scheme)))
        set_int8_forward(model, True)
        if not shares:
            for name in names:
                model.get_submodule(name).last_input = LastInput()
        counted.clear()
        torch.manual_seed(0)
        model.train()(**tiny_batch()).loss.backward()
        assert len(counted) == len(names) * (4 if shares else 6) / 6
        gradients.append([each.grad for each in model.parameters()])
    for shared, alone in zip(*gradients, strict=True):
        assert (shared is None) == (alone is None)
        assert shared is None or torch.equal(shared, alone)
