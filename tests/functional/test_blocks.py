"""Parts of tensors, and values that ranges leave out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from qbert_lightning.functional import AffineParameters, choose_parameters
from qbert_lightning.functional import blocks as module
from qbert_lightning.functional.blocks import blocks, clear, values_outside


@pytest.mark.parametrize("shape", [(1, 0), (0, 5), (1, 7), (3, 200_000), (9999, 40)])
def test_parts_cover_everything_once_and_in_order(shape: tuple[int, int]) -> None:
    places = torch.arange(shape[0] * shape[1]).reshape(shape)
    row = torch.arange(shape[0]).reshape(-1, 1)
    found = []
    for part, levels in blocks(places, AffineParameters(row, -row, 0, 3)):
        assert places[part].numel() <= module.BLOCK
        assert torch.equal(levels.scale, row[part[0]])
        assert torch.equal(levels.offset, -row[part[0]])
        found.append(places[part].flatten())
    assert torch.equal(torch.cat([*found, places.new_empty(0)]), places.flatten())


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
