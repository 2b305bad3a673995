"""Affine quantization against a float64 twin written from the papers' equations."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from qbert_lightning.functional import (
    choose_parameters,
    code_range,
    dequantize,
    fake_quantize,
    quantize,
)


def twin(groups: Tensor, num_bits: int, *, symmetric: bool) -> Tensor:
    """Equations 1a and 1b, one group at a time, in float64."""
    rows = []
    for row in groups.double():
        if symmetric:
            highest = 2 ** (num_bits - 1) - 1
            largest = row.abs().max()
            if largest == 0:
                rows.append(row)
                continue
            step = largest / highest
            rows.append((row / step).round().clamp(-highest, highest) * step)
        else:
            low, high = row.min(), row.max()
            if low == high:
                rows.append(row)
                continue
            step = (high - low) / (2**num_bits - 1)
            rows.append(((row - low) / step).round() * step + low)
    return torch.stack(rows)


def ends(groups: Tensor) -> tuple[Tensor, Tensor]:
    return groups.amin(1, keepdim=True), groups.amax(1, keepdim=True)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("num_bits", range(2, 9))
def test_equals_the_float64_twin(num_bits: int, symmetric: bool) -> None:
    groups = torch.randn(5, 64, generator=torch.Generator().manual_seed(num_bits))
    levels = choose_parameters(*ends(groups), num_bits, symmetric=symmetric)
    ours = fake_quantize(groups, levels)
    expected = twin(groups, num_bits, symmetric=symmetric)
    assert torch.allclose(ours.double(), expected, atol=1e-5)


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(
        st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=20
    ),
    num_bits=st.integers(2, 8),
    symmetric=st.booleans(),
)
def test_codes_stay_in_range_and_nothing_becomes_nan(
    values: list[float], num_bits: int, symmetric: bool
) -> None:
    groups = torch.tensor([values])
    levels = choose_parameters(*ends(groups), num_bits, symmetric=symmetric)
    codes = quantize(groups, levels)
    lowest, highest = code_range(num_bits, symmetric=symmetric)
    assert codes.min() >= lowest
    assert codes.max() <= highest
    restored = dequantize(codes, levels)
    assert torch.isfinite(restored).all()
    # Nobody is further than half a step from its level, rounding of floats aside.
    slack = 1e-5 * max(map(abs, values)) + 1e-37
    assert (restored - groups).abs().max() <= levels.scale.max() / 2 + slack


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("value", [0.0, 3.5, -2.25])
def test_constant_groups(value: float, symmetric: bool) -> None:
    groups = torch.full((2, 4), value)
    groups[1] = torch.tensor([0.0, 1.0, -1.0, 0.5])
    levels = choose_parameters(*ends(groups), 4, symmetric=symmetric)
    restored = fake_quantize(groups, levels)
    assert torch.allclose(restored[0], groups[0])
    if value == 0:
        assert (restored[0] == 0).all()


def test_values_outside_a_stale_range_are_clamped() -> None:
    """The released Q-BERT code can make code 4 at two bits; ours never does."""
    levels = choose_parameters(
        torch.tensor([[-1.0]]), torch.tensor([[1.0]]), 2, symmetric=False
    )
    codes = quantize(torch.tensor([[-9.0, 0.1, 9.0]]), levels)
    assert codes.tolist() == [[0, 2, 3]]


@pytest.mark.parametrize("clip", [True, False])
def test_straight_through_gradient(clip: bool) -> None:
    levels = choose_parameters(
        torch.tensor([[-1.0]]), torch.tensor([[1.0]]), 4, symmetric=True
    )
    x = torch.tensor([[-2.0, -0.3, 0.9, 5.0]], requires_grad=True)
    fake_quantize(x, levels, clip_gradient=clip).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[0.0, 1.0, 1.0, 0.0] if clip else [1.0] * 4]


def test_half_precision_keeps_its_type_and_finite_values() -> None:
    groups = (torch.randn(2, 16) * 1e-3).half()
    levels = choose_parameters(*ends(groups.float()), 8, symmetric=False)
    restored = fake_quantize(groups, levels)
    assert restored.dtype == torch.float16
    assert torch.isfinite(restored).all()
