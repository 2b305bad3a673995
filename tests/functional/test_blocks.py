"""Parts of tensors, and values that ranges leave out."""

from __future__ import annotations

from itertools import chain

import pytest
import torch
from torch import Tensor

from qbert_lightning.functional import blocks as module
from qbert_lightning.functional import choose_parameters
from qbert_lightning.functional.blocks import blocks, positions_outside


@pytest.mark.parametrize("shape", [(1, 0), (0, 5), (1, 7), (3, 200_000), (9999, 40)])
def test_parts_cover_everything_once_and_in_order(shape: tuple[int, int]) -> None:
    values = torch.zeros(shape, dtype=torch.int8)
    parts = [range(*part.indices(shape[1])) for part in blocks(values)]
    assert list(chain(*parts)) == list(range(shape[1]))
    assert all(len(part) * shape[0] <= max(module.BLOCK, shape[0]) for part in parts)


def outside(values: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Positions found, and where values are beyond a share of their own range."""
    low = values.amin(1, keepdim=True) * share
    high = values.amax(1, keepdim=True) * share
    levels = choose_parameters(low, high, 8, symmetric=False)
    low = levels.scale * levels.lowest + levels.offset
    high = levels.scale * levels.highest + levels.offset
    mask = (values < low) | (values > high) | values.isnan()
    return positions_outside(values, levels), mask.flatten().nonzero().flatten()


@pytest.mark.parametrize("share", [0.5, 0.99, 2.0])
@pytest.mark.parametrize("shape", [(1, 200), (4, 50), (7, 3)])
def test_positions_are_those_of_a_mask(
    share: float, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 16)
    found, expected = outside(torch.randn(shape), share)
    assert torch.equal(found.sort().values, expected)


def test_what_is_no_number_is_outside() -> None:
    levels = choose_parameters(torch.zeros(1, 1), torch.ones(1, 1), 8, symmetric=False)
    values = torch.tensor([[0.5, float("nan"), float("inf")]])
    assert positions_outside(values, levels).tolist() == [1, 2]
