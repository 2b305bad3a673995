"""What codes of one byte stand for."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.functional import AffineParameters, int8_codes, int8_matrix
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


def test_steps_count_without_an_offset_too() -> None:
    codes, scale = torch.tensor([[-1, 2]], dtype=torch.int8), torch.full((1, 1), 0.5)
    steps = torch.full((1, 1), 3, dtype=torch.int32)
    assert AffineMatrix(codes, scale, None, steps).values().tolist() == [[1.0, 2.5]]
