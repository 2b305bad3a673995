"""Parts of tensors, and their codes."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.functional import AffineParameters, choose_parameters, quantize
from qbert_lightning.functional import blocks as module
from qbert_lightning.functional.blocks import blocks, codes_by_part
from qbert_lightning.functional.outside import Outside


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


@pytest.mark.parametrize("share", [0.5, 2.0])
@pytest.mark.parametrize("looks", [True, False])
def test_codes_are_clamped_whether_or_not_anybody_looks(
    share: float, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 16)
    values = torch.randn(3, 50)
    low, high = values.amin(1, keepdim=True), values.amax(1, keepdim=True)
    levels = choose_parameters(low * share, high * share, 4, symmetric=False)
    outside = Outside(values.shape, levels) if looks else None
    codes = torch.full_like(values, -1.0)
    for part, _, found in codes_by_part(values, levels, outside):
        codes[part] = found
    assert torch.equal(codes, quantize(values, levels))
