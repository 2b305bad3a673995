"""A decoded tensor keeps its values and its codes."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.observers import MinMax
from qbert_lightning.plan import PerChannel, PerTensor, RowGroups
from qbert_lightning.quantizers import AffineSpec, Encoded, Quantizer, settled
from qbert_lightning.quantizers.settled import SettledAffine
from tests.cases import AFFINE_SPECS, SHAPES


def weight(shape: tuple[int, int]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def settle(quantizer: Quantizer, x: Tensor) -> tuple[SettledAffine, Encoded, Tensor]:
    """The quantizer after decoding, what it decoded, and the decoded tensor."""
    encoded = quantizer.encode(x)
    made = settled(quantizer, encoded)
    assert isinstance(made, SettledAffine)
    return made, encoded, quantizer.decode(encoded)


def assert_same(found: Encoded, expected: Encoded) -> None:
    assert torch.equal(found.codes, expected.codes)
    assert (found.num_bits, found.shape) == (expected.num_bits, expected.shape)
    assert found.tensors.keys() == expected.tensors.keys()
    for part, values in expected.tensors.items():
        assert torch.equal(found.tensors[part], values)


@pytest.mark.parametrize("spec", AFFINE_SPECS, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_values_stay_and_codes_come_back(
    spec: AffineSpec, shape: tuple[int, int]
) -> None:
    quantizer, x = spec.build(shape), weight(shape)
    made, encoded, decoded = settle(quantizer, x)
    assert made(decoded) is decoded
    assert_same(made.encode(decoded), encoded)
    assert torch.equal(made.decode(encoded), decoded)
    made.check(encoded, "weight")
    theirs, ours = quantizer.row_levels(x), made.row_levels(decoded)
    assert (ours is None) == (theirs is None)
    if ours is not None and theirs is not None:
        assert ours[2:] == theirs[2:]
        assert torch.equal(ours.scale, theirs.scale)
        assert torch.equal(ours.offset, theirs.offset)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("bits", range(2, 9))
def test_codes_come_back_at_the_ends_of_float32(bits: int, symmetric: bool) -> None:
    chance = torch.Generator().manual_seed(bits)
    quantizer = AffineSpec(bits, PerChannel(), symmetric=symmetric).build()
    steps = torch.randint(-(2**10), 2**10, (40, 600), generator=chance).int()
    powers = 2.0 ** torch.arange(-20, 20).reshape(-1, 1)
    groups = (
        torch.randn(40, 600, generator=chance) * powers**6,  # 2 ** -120 to 2 ** 114
        steps.abs().view(torch.float32),  # the smallest there are
        (powers.view(torch.int32) + steps).view(torch.float32),  # neighbouring floats
        (powers.view(torch.int32) + steps.sign()).view(torch.float32),
        1 + powers**0.5 * torch.randn(40, 600, generator=chance),  # far from zero
    )
    for x in groups:
        made, encoded, decoded = settle(quantizer, x)
        assert decoded.isfinite().all()
        assert_same(made.encode(decoded), encoded)


def test_levels_are_the_known_ones_whatever_the_values_span() -> None:
    quantizer = AffineSpec(2).build()
    # No value lies at an end of the range.
    codes = torch.tensor([[1, 2, 2, 1]], dtype=torch.uint8)
    tensors = {"scale": torch.tensor([0.1]), "offset": torch.tensor([-0.3])}
    encoded = Encoded(codes, 2, tensors, (2, 2))
    decoded = quantizer.decode(encoded)
    made = settled(quantizer, encoded)
    assert isinstance(made, SettledAffine)
    assert_same(made.encode(decoded), encoded)
    assert not torch.equal(quantizer.encode(decoded).codes, codes)


@pytest.mark.parametrize("granularity", [PerTensor(), RowGroups(4)], ids=str)
def test_rows_of_a_table_are_looked_up_as_they_are(granularity: PerTensor) -> None:
    ids = torch.tensor([[3, 3, 0], [11, 5, 2]])
    made, _, decoded = settle(AffineSpec(3, granularity).build(), weight((12, 8)))
    assert torch.equal(made.look_up(decoded, ids), F.embedding(ids, decoded))


def test_levels_are_no_state_and_are_never_rounded() -> None:
    x = weight((12, 8))
    made, encoded, decoded = settle(AffineSpec(8, RowGroups(4)).build(), x)
    for one in (made, copy.deepcopy(made), made.half(), made.double()):
        assert not one.state_dict()
        assert not list(one.parameters())
        assert_same(one.encode(decoded), encoded)
    assert made.to("meta").parameters_of(x).scale.is_meta


def test_levels_keep_no_more_memory_than_theirs() -> None:
    file = torch.arange(1.0, 1000.0)
    encoded = Encoded(
        torch.zeros(96, dtype=torch.uint8), 4, {"scale": file[3:7]}, (12, 8)
    )
    spec = AffineSpec(4, RowGroups(4), symmetric=True)
    made = settled(spec.build(), encoded)
    held = [each.untyped_storage().nbytes() for each in made.buffers()]
    assert held == [4 * 4]


def test_what_was_observed_is_not_observed_any_more() -> None:
    quantizer = AffineSpec(8, observer=MinMax()).build()
    x = weight((12, 8))
    quantizer(x)
    made, _, decoded = settle(quantizer, x)
    assert not made.state_dict()
    before = made.parameters_of(decoded)
    made.row_levels(10 * decoded)
    assert torch.equal(made.parameters_of(decoded).scale, before.scale)
    assert not made.clips_gradient


def test_other_formats_keep_their_values_alone() -> None:
    class Codebook(Quantizer):
        """A format that registers nothing."""

        def forward(self, x: Tensor) -> Tensor:
            return x

        def encode(self, x: Tensor) -> Encoded:
            raise NotImplementedError

        def decode(self, encoded: Encoded) -> Tensor:
            raise NotImplementedError

        def check(self, encoded: Encoded, name: str) -> None:
            raise NotImplementedError

    encoded = Encoded(torch.zeros(4, dtype=torch.uint8), 2, {}, (2, 2))
    assert isinstance(settled(Codebook(), encoded), nn.Identity)
