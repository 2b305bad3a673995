"""Products of quantized matrices against those of their levels in float64."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from qbert_lightning.functional import (
    AffineParameters,
    choose_parameters,
    dequantize,
    fake_quantize,
    int8_codes,
    int8_matrix,
    integer_linear,
    quantize,
)
from qbert_lightning.functional.affine_matrix import AffineMatrix, counted_from_zero


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


@pytest.mark.parametrize("per_token", [True, False])
def test_part_by_part_is_the_same_to_the_bit(
    per_token: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, w, bias = torch.randn(20, 48) + 1, torch.randn(24, 48), torch.randn(24)
    coded_w = quantized(w, 12, 4, False)[0]
    groups = x.reshape(20 if per_token else 1, -1)
    coded_x = counted(x, levels_of(groups, 8, symmetric=False))
    whole = integer_linear(coded_x, coded_w, bias)
    module = import_module("qbert_lightning.functional.integer_linear")
    monkeypatch.setattr(module, "PART", 24 * 3)
    assert torch.equal(integer_linear(coded_x, coded_w, bias), whole)


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
