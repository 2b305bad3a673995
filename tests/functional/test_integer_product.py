"""Integer products against whole-number and float64 arithmetic."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from qbert_lightning.functional import (
    AffineParameters,
    choose_parameters,
    dequantize,
    fake_quantize,
    int8_codes,
    int8_matrix,
    quantize,
)
from qbert_lightning.functional.integer_product import (
    AffineMatrix,
    counted_from_zero,
    cpu_is_exact,
    float_product,
    integer_linear,
    integer_product,
    pad_for_cuda,
    row_sums,
)


def random_codes(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-128, 128, shape, generator=generator, dtype=torch.int8)


@settings(max_examples=50, deadline=None)
@given(m=st.integers(0, 40), k=st.integers(0, 70), n=st.integers(0, 40))
def test_products_are_exact_for_every_shape(m: int, k: int, n: int) -> None:
    left, right = random_codes(m, k), random_codes(n, k, seed=1)
    product = integer_product(left, right)
    assert product.dtype == torch.int32
    assert torch.equal(product.long(), left.long() @ right.long().T)


def test_views_are_multiplied_as_what_they_show() -> None:
    left, right = random_codes(24, 18).T[::2], random_codes(40, 48, seed=1)[::3, ::2]
    product = integer_product(left, right)
    assert torch.equal(product.long(), left.long() @ right.long().T)


@pytest.mark.parametrize("value", [-128, 127])
def test_the_largest_products_do_not_overflow(value: int) -> None:
    codes = torch.full((2, 4096), value, dtype=torch.int8)
    assert integer_product(codes, codes).tolist() == [[4096 * value**2] * 2] * 2
    assert float_product(codes, codes).tolist() == [[4096 * value**2] * 2] * 2


def test_a_processor_that_saturates_gets_floats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left, right = random_codes(9, 300), random_codes(7, 300, seed=1)
    monkeypatch.setattr(torch, "_int_mm", lambda a, b: a.new_zeros(a.shape[0], 32))
    cpu_is_exact.cache_clear()
    try:
        product = integer_product(left, right)
    finally:
        cpu_is_exact.cache_clear()
    assert torch.equal(product.long(), left.long() @ right.long().T)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_fallback_is_exact_under_autocast_too(
    precision: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(torch, "_int_mm")
    left, right = random_codes(9, 3000), random_codes(7, 3000, seed=1)
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        product = integer_product(left, right)
    assert torch.equal(product.long(), left.long() @ right.long().T)


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (16, 8, 8), (17, 9, 12), (40, 384, 31), (3, 7, 5)]
)
def test_padding_gives_cuda_its_shapes_and_changes_no_product(
    shape: tuple[int, int, int],
) -> None:
    m, k, n = shape
    left, right = random_codes(m, k), random_codes(n, k, seed=1)
    wide, tall = pad_for_cuda(left, right)
    assert wide.shape[0] > 16
    assert wide.shape[1] % 8 == 0
    assert tall.shape[0] % 8 == 0
    assert torch.equal(
        integer_product(wide, tall)[:m, :n], integer_product(left, right)
    )


def levels_of(groups: Tensor, num_bits: int, symmetric: bool) -> AffineParameters:
    low, high = groups.amin(1, keepdim=True), groups.amax(1, keepdim=True)
    return choose_parameters(low, high, num_bits, symmetric=symmetric)


def counted(matrix: Tensor, levels: AffineParameters) -> AffineMatrix:
    """An input as layers get it: codes that count from the level nearest to zero."""
    codes = int8_codes(matrix.reshape(len(levels.scale), -1), levels)
    return AffineMatrix(codes.reshape(matrix.shape), *counted_from_zero(levels))


def quantized(x: Tensor, num_groups: int, num_bits: int, symmetric: bool) -> tuple:
    """A matrix as codes, and the same one fake-quantized and in float64."""
    groups = x.reshape(num_groups, -1)
    levels = levels_of(groups, num_bits, symmetric)
    codes = quantize(groups, levels)
    exact = levels._replace(scale=levels.scale.double(), offset=levels.offset.double())
    return (
        int8_matrix(int8_codes(groups, levels).reshape(x.shape), levels),
        fake_quantize(groups, levels).reshape(x.shape),
        dequantize(codes.double(), exact).reshape(x.shape),
    )


@pytest.mark.parametrize("num_bits", [2, 3, 4, 8])
@pytest.mark.parametrize("num_groups", [1, 16, 128])
@pytest.mark.parametrize("symmetric_weight", [True, False])
@pytest.mark.parametrize("symmetric_input", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_equals_fake_quantized_operands(
    num_bits: int,
    num_groups: int,
    symmetric_weight: bool,
    symmetric_input: bool,
    bias: bool,
) -> None:
    generator = torch.Generator().manual_seed(num_bits)
    x = torch.randn(20, 48, generator=generator) + 1
    w = torch.randn(128, 48, generator=generator) + 0.5
    b = torch.randn(128, generator=generator) if bias else None
    _, fake_x, exact_x = quantized(x, 1, 8, symmetric_input)
    coded_x = counted(x, levels_of(x.reshape(1, -1), 8, symmetric_input))
    coded_w, fake_w, exact_w = quantized(w, num_groups, num_bits, symmetric_weight)

    y = integer_linear(coded_x, coded_w, b)
    exact = F.linear(exact_x, exact_w, None if b is None else b.double())

    assert y.dtype == torch.float32
    scale = exact.abs().max()
    assert (y - exact).abs().max() < 1e-6 * scale
    assert (y - F.linear(fake_x, fake_w, b)).abs().max() < 2e-6 * scale


@pytest.mark.parametrize("symmetric", [True, False])
def test_each_token_may_have_a_scale_of_its_own(symmetric: bool) -> None:
    x, w = torch.randn(20, 48) * torch.rand(20, 1) * 9, torch.randn(24, 48)
    exact_x = quantized(x, 20, 8, symmetric)[2]
    coded_x = counted(x, levels_of(x, 8, symmetric))
    coded_w, _, exact_w = quantized(w, 12, 4, False)
    exact = exact_x @ exact_w.T
    y = integer_linear(coded_x, coded_w)
    assert (y - exact).abs().max() < 1e-6 * exact.abs().max()


def test_a_range_far_to_one_side_takes_no_digits() -> None:
    """GELU's: nearly all of it just above the lowest level, and some far away."""
    generator = torch.Generator().manual_seed(0)
    x = F.gelu(torch.randn(64, 1536, generator=generator))
    x[0, 0] = 30.0
    w = torch.randn(128, 1536, generator=generator) / 30
    coded_w, _, exact_w = quantized(w, 128, 4, False)
    exact = quantized(x, 1, 8, False)[2] @ exact_w.T
    y = integer_linear(counted(x, levels_of(x.reshape(1, -1), 8, False)), coded_w)
    assert (y - exact).abs().mean() < 2e-7 * exact.std()


@pytest.mark.parametrize(
    ("low", "steps", "offset"),
    [(-3.25, 125, -0.25), (4.0, 128, 4.0), (-300.0, -128, -44.0)],
)
def test_steps_from_zero_reach_as_far_as_the_codes(
    low: float, steps: int, offset: float
) -> None:
    levels = AffineParameters(torch.ones(1, 1), torch.tensor([[low]]), 0, 255)
    found = counted_from_zero(levels)
    assert found.steps is not None
    assert found.offset is not None
    assert (found.steps.item(), found.offset.item()) == (steps, offset)
    moved = AffineMatrix(torch.tensor([[-128]], dtype=torch.int8), *found)
    assert moved.values().item() == low


def test_unsigned_codes_are_moved_into_int8() -> None:
    codes = torch.tensor([[0.0, 255.0], [1.0, 128.0]])
    levels = AffineParameters(torch.tensor([[0.5]]), torch.tensor([[-3.0]]), 0, 255)
    exact = codes * 0.5 - 3
    matrix = int8_matrix(int8_codes(exact, levels), levels)
    assert matrix.codes.tolist() == [[-128, 127], [-127, 0]]
    assert matrix.offset is not None
    assert torch.equal(matrix.values(), exact)


def test_symmetric_codes_have_no_offset_and_stay_what_they_are() -> None:
    levels = AffineParameters(torch.ones(1, 1), torch.zeros(1, 1), -127, 127)
    matrix = int8_matrix(int8_codes(torch.tensor([[-127.0, 127.0]]), levels), levels)
    assert isinstance(matrix, AffineMatrix)
    assert matrix.offset is None
    assert matrix.codes.tolist() == [[-127, 127]]


def test_row_sums_are_exact() -> None:
    codes = torch.randint(-128, 128, (5, 700), dtype=torch.int8)
    assert torch.equal(row_sums(codes), codes.long().sum(1, keepdim=True).int())
