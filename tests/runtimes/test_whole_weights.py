"""Whole numbers of 8 bits stand for weights of fewer bits exactly."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.plan import PerChannel
from qbert_lightning.quantizers import AffineQuantizer, AffineSpec
from qbert_lightning.runtimes.stored_layers import StoredWeight
from qbert_lightning.runtimes.whole_weights import whole_weight


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("bits", [2, 3, 4, 5, 8])
def test_rows_are_put_together_again(bits: int, symmetric: bool) -> None:
    generator = torch.Generator().manual_seed(bits)
    weight = torch.randn(50, 16, generator=generator)
    weight += torch.randn(50, 1, generator=generator)  # some rows are all of one sign
    quantizer = AffineQuantizer(AffineSpec(bits, PerChannel(), symmetric=symmetric))
    encoded = quantizer.encode(weight)
    largest = 2**bits - (2 if symmetric else 1)
    scale = encoded.tensors["scale"].reshape(-1, 1)
    offset = encoded.tensors.get("offset", -(largest // 2) * scale.flatten().double())
    codes = encoded.codes.reshape(50, 16)
    stored = StoredWeight(codes, bits, largest, scale, offset.double().reshape(-1, 1))
    whole = whole_weight(stored)
    numbers = whole.factor * codes + whole.shift
    assert torch.equal(numbers, numbers.round())
    assert numbers.min() >= -128
    assert numbers.max() <= 127
    rebuilt = whole.scale * numbers + whole.rest
    assert torch.allclose(rebuilt, quantizer(weight), atol=1e-5)
    assert not (symmetric and whole.rest.any())


def test_fewer_bits_leave_a_smaller_rest() -> None:
    offsets = -torch.rand(200, 1)
    largest_rests = []
    for bits in (2, 4, 8):
        steps = 2**bits - 1
        codes = torch.zeros(200, 1, dtype=torch.uint8)
        stored = StoredWeight(
            codes, bits, steps, torch.full((200, 1), 1 / steps), offsets
        )
        largest_rests.append(whole_weight(stored).rest.abs().max() * steps)
    two, four, eight = largest_rests
    assert two < 0.02 < four < 1 < eight
