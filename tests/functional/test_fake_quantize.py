"""Fake quantization in one go: levels, and the straight-through gradient."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.functional import blocks as module
from qbert_lightning.functional import (
    choose_parameters,
    dequantize,
    fake_quantize,
    quantize,
)


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("num_groups", [1, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_parts_are_put_together(
    clip: bool, num_groups: int, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 32)
    x = torch.randn(num_groups, 90).to(dtype).requires_grad_()
    low, high = torch.full((2, num_groups, 1), 1.5)
    levels = choose_parameters(-low, high, 4, symmetric=False)
    y = fake_quantize(x, levels, clip_gradient=clip)
    expected = dequantize(quantize(x.detach().float(), levels), levels)
    assert torch.equal(y, expected.to(dtype))
    gradient = torch.randn(y.shape).to(dtype)
    y.backward(gradient)
    inside = (x.detach().abs() <= 1.5) if clip else torch.ones_like(x)
    assert torch.equal(x.grad, gradient * inside)


def test_the_gradient_can_be_differentiated() -> None:
    x = torch.tensor([[0.5, 2.0]], requires_grad=True)
    levels = choose_parameters(-torch.ones(1, 1), torch.ones(1, 1), 8, symmetric=False)
    y = fake_quantize(x, levels)
    (first,) = torch.autograd.grad((y**3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert torch.allclose(second, 6 * y.detach() * torch.tensor([[1.0, 0.0]]))


def test_little_is_kept_for_the_backward_pass() -> None:
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(kept.append, lambda kept: kept):
        x = torch.randn(1, 1000, requires_grad=True)
        levels = choose_parameters(
            x.detach().amin(1, True), x.detach().amax(1, True), 8, symmetric=True
        )
        fake_quantize(x, levels)
    assert sum(each.numel() for each in kept) == 0
