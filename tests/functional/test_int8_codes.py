"""Codes in int8 against the codes that export writes."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.functional import blocks as module
from qbert_lightning.functional import choose_parameters, int8_codes, quantize


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("num_bits", [2, 3, 4, 8])
@pytest.mark.parametrize("num_groups", [1, 12])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_codes_are_those_of_quantize(
    symmetric: bool,
    num_bits: int,
    num_groups: int,
    dtype: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "BLOCK", 64)
    groups = (torch.randn(num_groups, 100) * 3 + 1).to(dtype)
    low, high = torch.full((2, num_groups, 1), 2.0)  # narrower: codes are clamped
    levels = choose_parameters(-low, high, num_bits, symmetric=symmetric)
    shift = 0 if symmetric else 2 ** (num_bits - 1)
    codes = int8_codes(groups, levels)
    assert codes.dtype == torch.int8
    assert torch.equal(codes.float() + shift, quantize(groups.float(), levels))
