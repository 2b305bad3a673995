"""Packing against a bit string made by hand."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.functional import pack, packed_bytes, unpack


def naive(codes: list[int], num_bits: int) -> list[int]:
    """The documented layout, one bit at a time."""
    stream = [(code >> bit) & 1 for code in codes for bit in range(num_bits)]
    stream += [0] * (-len(stream) % 8)
    return [
        sum(bit << position for position, bit in enumerate(stream[start : start + 8]))
        for start in range(0, len(stream), 8)
    ]


@pytest.mark.parametrize("num_bits", range(1, 9))
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 31, 257])
def test_round_trip_at_exact_width(num_bits: int, count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    codes = torch.randint(0, 2**num_bits, (count,), generator=generator)
    codes = codes.to(torch.uint8)
    packed = pack(codes, num_bits)
    assert packed.dtype == torch.uint8
    assert packed.numel() == packed_bytes(count, num_bits) == -(-count * num_bits // 8)
    assert packed.tolist() == naive(codes.tolist(), num_bits)
    assert torch.equal(unpack(packed, num_bits, count), codes)
