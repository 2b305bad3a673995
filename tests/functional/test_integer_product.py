"""Integer products against whole-number and float64 arithmetic."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from qbert_lightning.functional.integer_product import (
    cpu_is_exact,
    float_product,
    integer_product,
    pad_for_cuda,
    row_sums,
)
from tests.devices import on_every_device


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


@on_every_device
@pytest.mark.parametrize(
    "shape",
    [(1, 1, 1), (3, 7, 5), (17, 9, 12), (40, 384, 31), (0, 5, 3), (5, 0, 3), (5, 3, 0)],
)
def test_products_are_exact_on_every_device(
    shape: tuple[int, int, int], device: str
) -> None:
    m, k, n = shape
    left, right = random_codes(m, k), random_codes(n, k, seed=1)
    product = integer_product(left.to(device), right.to(device))
    assert product.device.type == device
    assert torch.equal(product.cpu().long(), left.long() @ right.long().T)


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
    "shape", [(1, 1, 1), (16, 8, 8), (17, 9, 12), (40, 384, 31), (3, 7, 5), (4, 9, 0)]
)
def test_padding_gives_cuda_its_shapes_and_changes_no_product(
    shape: tuple[int, int, int],
) -> None:
    m, k, n = shape
    left, right = random_codes(m, k), random_codes(n, k, seed=1)
    wide, tall = pad_for_cuda(left, right)
    assert wide.shape[0] > 16
    assert wide.shape[1] % 8 == 0
    assert tall.shape[0] % 8 == 0 < tall.shape[0]
    assert torch.equal(
        integer_product(wide, tall)[:m, :n], integer_product(left, right)
    )


def test_row_sums_are_exact() -> None:
    codes = torch.randint(-128, 128, (5, 700), dtype=torch.int8)
    assert torch.equal(row_sums(codes), codes.long().sum(1, keepdim=True).int())
