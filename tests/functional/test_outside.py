"""Values that ranges leave out against a mask of the whole tensor."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from qbert_lightning.functional import AffineParameters, choose_parameters
from qbert_lightning.functional import blocks as module
from qbert_lightning.functional.blocks import blocks
from qbert_lightning.functional.outside import Outside, clear


def values_outside(values: Tensor, levels: AffineParameters) -> Tensor:
    outside = Outside(values.shape, levels)
    for part, _ in blocks(values, levels):
        outside.look(part, values[part])
    return outside.found()


def outside(values: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Positions found, and where values are beyond a share of their own range."""
    low = values.amin(1, keepdim=True) * share
    high = values.amax(1, keepdim=True) * share
    levels = choose_parameters(low, high, 8, symmetric=False)
    low = levels.scale * levels.lowest + levels.offset
    high = levels.scale * levels.highest + levels.offset
    mask = (values < low) | (values > high) | values.isnan()
    return values_outside(values, levels), mask.flatten().nonzero().flatten()


@pytest.mark.parametrize("share", [0.5, 0.99, 2.0])
@pytest.mark.parametrize("shape", [(1, 200), (4, 50), (7, 3)])
def test_positions_are_those_of_a_mask(
    share: float, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 16)
    found, expected = outside(torch.randn(shape), share)
    assert torch.equal(found, expected)


def test_what_is_no_number_is_outside() -> None:
    levels = choose_parameters(torch.zeros(1, 1), torch.ones(1, 1), 8, symmetric=False)
    values = torch.tensor([[0.5, float("nan"), float("inf")]])
    assert values_outside(values, levels).tolist() == [1, 2]


@pytest.mark.parametrize("shape", [(12,), (3, 4)])
def test_positions_and_a_mask_leave_out_the_same(shape: tuple[int, ...]) -> None:
    gradient = torch.randn(shape)
    mask = torch.zeros(12, dtype=torch.bool)
    mask[[1, 7]] = True
    expected = gradient * ~mask.reshape(shape)
    for outside in (mask, mask.nonzero().flatten()):
        assert torch.equal(clear(gradient.clone(), outside), expected)


@pytest.mark.parametrize("shape", [(0, 5), (1, 0)])
def test_nothing_is_outside_of_nothing(shape: tuple[int, int]) -> None:
    ends = torch.zeros(shape[0], 1), torch.ones(shape[0], 1)
    levels = choose_parameters(*ends, 8, symmetric=False)
    assert values_outside(torch.empty(shape), levels).tolist() == []
