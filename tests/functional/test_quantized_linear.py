"""The linear layer on codes against fake quantization and autograd."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from qbert_lightning.functional import (
    AffineParameters,
    choose_parameters,
    fake_quantize,
    quantized_input,
    quantized_linear,
)
from tests.devices import on_every_device

Results = tuple[Tensor, ...]


def problem(
    num_groups: int, num_bits: int, symmetric: bool, device: str = "cpu"
) -> tuple[Tensor, Tensor, Tensor, AffineParameters, AffineParameters]:
    """Input ``[2, 5, 24]``, weight ``[16, 24]``, bias, and levels of the first two."""
    generator = torch.Generator().manual_seed(num_bits)
    x = torch.randn(2, 5, 24, generator=generator) + 0.5
    w = torch.randn(16, 24, generator=generator) + 0.2
    b = torch.randn(16, generator=generator)
    groups = w.reshape(num_groups, -1)
    ends = groups.amin(1, keepdim=True), groups.amax(1, keepdim=True)
    of_weight = choose_parameters(*ends, num_bits, symmetric=symmetric)
    low, high = torch.tensor([[-1.0]]), torch.tensor([[1.6]])  # narrower than x
    of_input = choose_parameters(low, high, 8, symmetric=symmetric)
    levels = (moved(each, device) for each in (of_input, of_weight))
    return x.to(device), w.to(device), b.to(device), *levels


def moved(levels: AffineParameters, device: str) -> AffineParameters:
    scale, offset, lowest, highest = levels
    return AffineParameters(scale.to(device), offset.to(device), lowest, highest)


def on_codes(
    x: Tensor,
    w: Tensor,
    b: Tensor | None,
    of_input: AffineParameters,
    of_weight: AffineParameters,
    clip: bool,
) -> Tensor:
    codes = quantized_input(x, of_input, clip_gradient=clip)
    return quantized_linear(x, w, b, codes, of_weight)


def on_floats(
    x: Tensor,
    w: Tensor,
    b: Tensor | None,
    of_input: AffineParameters,
    of_weight: AffineParameters,
    clip: bool,
) -> Tensor:
    groups = w.reshape(of_weight.scale.shape[0], -1)
    weight = fake_quantize(groups, of_weight, clip_gradient=False).reshape(w.shape)
    flat = fake_quantize(x.reshape(1, -1), of_input, clip_gradient=clip)
    return F.linear(flat.reshape(x.shape), weight, b)


def results(layer, x, w, b, *levels_and_clip) -> Results:  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002
    """Output, then the gradients of all parameters under a loss that weighs outputs."""
    leaves = [each.clone().requires_grad_() for each in (x, w, b) if each is not None]
    inputs = leaves if b is not None else [*leaves, None]
    y = layer(*inputs, *levels_and_clip)
    weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(0))
    return y, *torch.autograd.grad((y * weights.to(y.device)).sum(), leaves)


def assert_close(ours: Results, theirs: Results, tolerance: float) -> None:
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        assert our.dtype == their.dtype
        assert our.shape == their.shape
        assert (our - their).abs().max() <= tolerance * their.abs().max()


@on_every_device
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("num_bits", [2, 3, 4, 8])
@pytest.mark.parametrize("num_groups", [1, 4, 16])
@pytest.mark.parametrize("clip", [True, False])
def test_values_and_gradients_are_those_of_fake_quantization(
    symmetric: bool, num_bits: int, num_groups: int, clip: bool, device: str
) -> None:
    x, w, b, *levels = problem(num_groups, num_bits, symmetric, device)
    for bias in (b, None):
        ours = results(on_codes, x, w, bias, *levels, clip)
        theirs = results(on_floats, x, w, bias, *levels, clip)
        assert_close(ours, theirs, 2e-6)
        assert torch.equal(ours[1] == 0, theirs[1] == 0)  # the same are left out


def test_without_the_operator_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w, b, *levels = problem(4, 4, False)
    ours = results(on_codes, x, w, b, *levels, True)
    monkeypatch.delattr(torch, "_int_mm")
    assert all(map(torch.equal, ours, results(on_codes, x, w, b, *levels, True)))


@on_every_device
def test_autocast_gives_its_type_and_the_parameters_keep_theirs(device: str) -> None:
    x, w, b, *levels = problem(4, 8, False, device)
    exact = results(on_floats, x, w, b, *levels, True)
    with torch.autocast(device, torch.bfloat16):
        ours = results(on_codes, x, w, b, *levels, True)
        theirs = results(on_floats, x, w, b, *levels, True)
    assert ours[0].dtype == theirs[0].dtype == torch.bfloat16
    for our, their, true in zip(ours, theirs, exact, strict=True):
        assert our.dtype == their.dtype
        error = 0.01 * true.abs().max()
        assert (our - true).abs().max() <= error


@on_every_device
def test_sums_over_many_tokens_stay_within_float16(device: str) -> None:
    x, w, b, *levels = problem(4, 8, False, device)
    many = x.abs().repeat(1, 400, 1).half()  # 4,000 times a code of up to 127
    w.requires_grad_()
    on_codes(many, w, b, *levels, True).sum().backward()
    exact = w.detach().clone().requires_grad_()
    on_floats(many.float(), exact, b, *levels, True).sum().backward()
    assert w.grad is not None
    assert exact.grad is not None
    assert (w.grad - exact.grad).abs().max() <= 1e-3 * exact.grad.abs().max()


def test_codes_are_kept_and_floats_are_not() -> None:
    x, w, b, *levels = problem(4, 4, False)
    x = x.repeat(1, 40, 1)
    kept: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        on_codes(x.requires_grad_(), w.requires_grad_(), b, *levels, False)
    large = [each.dtype for each in kept if each.numel() >= w.numel()]
    assert large == [torch.int8, torch.int8]


def test_a_second_derivative_is_refused_instead_of_wrong() -> None:
    x, w, b, *levels = problem(1, 8, True)
    x.requires_grad_()
    y = on_codes(x, w, b, *levels, False)
    (first,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_only_what_is_asked_for_gets_a_gradient() -> None:
    x, w, b, *levels = problem(1, 8, True)
    w.requires_grad_()
    on_codes(x, w, b, *levels, False).sum().backward()
    assert w.grad is not None
    assert x.grad is None
    assert b.grad is None


@pytest.mark.parametrize("shape", [(0, 24), (0, 5, 24), (2, 0, 24)])
def test_no_tokens_have_no_outputs_and_no_gradient(shape: tuple[int, ...]) -> None:
    _, w, b, *levels = problem(16, 4, symmetric=False)
    found, *gradients = results(on_codes, torch.zeros(shape), w, b, *levels, True)
    assert found.shape == (*shape[:-1], 16)
    assert [each.shape for each in gradients] == [shape, w.shape, b.shape]
    assert all(not each.any() for each in gradients)
