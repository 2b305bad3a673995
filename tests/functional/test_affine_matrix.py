"""What codes of one byte stand for."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.functional import (
    AffineParameters,
    choose_parameters,
    int8_codes,
    int8_matrix,
    quantize,
)
from qbert_lightning.functional.affine_matrix import (
    AffineMatrix,
    code_sums,
    counted_from_zero,
    level_sums,
)


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


def test_sums_of_codes_and_levels_are_those_of_each_row() -> None:
    matrix = AffineMatrix(
        torch.randint(-128, 128, (5, 700), dtype=torch.int8),
        torch.rand(5, 1),
        torch.rand(5, 1),
    )
    sums = code_sums(matrix)
    assert torch.equal(sums, matrix.codes.long().sum(1).reshape(1, 5).int())
    levels = matrix.codes * matrix.scale.double() + matrix.offset
    torch.testing.assert_close(
        level_sums(matrix, sums), levels.sum(1).reshape(1, 5).float()
    )


@pytest.mark.parametrize("num_bits", range(1, 9))
def test_widened_levels_are_the_same_and_leave_little(num_bits: int) -> None:
    generator = torch.Generator().manual_seed(num_bits)
    groups = torch.randn(64, 30, generator=generator) + 3 * torch.randn(
        64, 1, generator=generator
    )
    low, high = groups.amin(1, keepdim=True), groups.amax(1, keepdim=True)
    levels = choose_parameters(low, high, num_bits, symmetric=False)
    matrix = int8_matrix(int8_codes(groups, levels), levels)
    assert matrix.offset is not None
    found = matrix.codes * matrix.scale.double() + matrix.offset
    codes = quantize(groups, levels).double()
    exact = codes * levels.scale.double() + levels.offset
    assert (found - exact).abs().max() < 1e-7 * exact.abs().max()
    holds_zero = ((low <= 0) & (high >= 0))[:, 0]
    assert holds_zero.any()
    if num_bits < 8:
        rest = (matrix.offset / matrix.scale)[holds_zero].abs()
        assert rest.max() <= 0.5 + 1e-5


def test_sums_of_levels_that_nearly_cancel_keep_their_digits() -> None:
    codes = torch.full((1, 3072), 100, dtype=torch.int8)
    codes[0, 0] = 99
    scale, offset = torch.full((1, 1), 0.01), torch.full((1, 1), -1.0)
    matrix = AffineMatrix(codes, scale, offset)
    exact = (codes * scale.double() + offset).sum()
    found = level_sums(matrix, code_sums(matrix))
    assert abs(found - exact).item() < 1e-6 * abs(exact)


def test_steps_count_without_an_offset_too() -> None:
    codes, scale = torch.tensor([[-1, 2]], dtype=torch.int8), torch.full((1, 1), 0.5)
    steps = torch.full((1, 1), 3, dtype=torch.int32)
    assert AffineMatrix(codes, scale, None, steps).values().tolist() == [[1.0, 2.5]]
