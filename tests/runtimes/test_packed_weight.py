"""Levels and codes of a packed weight against those of its quantizer."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.functional import packed_bytes
from qbert_lightning.plan import InputColumnBuckets, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes.packed_weight import PackedWeight
from tests.cases import AFFINE_SPECS, SHAPES

CASES = [
    (spec, shape)
    for spec in AFFINE_SPECS
    for shape in (*SHAPES, (12, 4), (12, 20))
    if not ("12" in str(spec.granularity) and shape[0] % 12)
]


@pytest.mark.parametrize(("spec", "shape"), CASES, ids=str)
def test_levels_are_the_quantizers_to_the_bit(
    spec: AffineSpec, shape: tuple[int, int]
) -> None:
    torch.manual_seed(0)
    weight = torch.randn(shape)
    quantizer = spec.build(shape)
    packed = PackedWeight(quantizer.encode(weight), spec)
    expected = quantizer(weight)
    assert torch.equal(packed.dequantized(), expected)
    indices = torch.tensor([[3, 0], [shape[0] - 1, 3]])
    assert torch.equal(packed.look_up(indices), expected[indices])
    # More often than there are rows: every token of a batch has a token type.
    often = torch.arange(3 * shape[0]).reshape(3, -1) % shape[0]
    assert torch.equal(packed.look_up(often), expected[often])
    joined = torch.empty(shape)
    for block in packed.blocks(packed.widened()):
        codes, scale, offset, _ = block.matrix
        assert codes.dtype == torch.int8
        moved = codes.float() * scale + (0 if offset is None else offset)
        joined[:, block.columns] = moved
    torch.testing.assert_close(joined, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("num_bits", range(2, 9))
def test_memory_falls_with_the_bits(num_bits: int) -> None:
    spec = AffineSpec(num_bits, RowGroups(4))
    encoded = spec.build((24, 40)).encode(torch.randn(24, 40))
    packed = PackedWeight(encoded, spec)
    sizes = {name: t.numel() * t.element_size() for name, t in packed.named_buffers()}
    codes = packed_bytes(24 * 40, num_bits)
    assert sizes == {"codes": codes, "scale": 16, "offset": 16}
    storages = sum(t.untyped_storage().nbytes() for t in packed.buffers())
    assert storages == codes + 32  # nothing larger behind a view


def test_buckets_of_inputs_are_put_into_rows() -> None:
    spec = AffineSpec(8, InputColumnBuckets(2))
    weight = torch.tensor([[0.0, 1.0, 0.0, 8.0], [2.55, 2.0, 25.5, 3.0]])
    packed = PackedWeight(spec.build((2, 4)).encode(weight), spec)
    assert packed.grid == (1, 2)
    assert packed.matrix().tolist()[1][0] == 255 - 128
