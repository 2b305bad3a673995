"""What every number format must show, for the affine one."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from qbert_lightning.errors import QbertError
from qbert_lightning.functional import pack
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import PerChannel, PerTensor, PerToken, RowGroups
from qbert_lightning.quantizers import AffineSpec
from tests.cases import AFFINE_SPECS, SHAPES


def weight(shape: tuple[int, int]) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("spec", AFFINE_SPECS, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_decoding_the_codes_gives_the_fake_quantized_tensor(
    spec: AffineSpec, shape: tuple[int, int]
) -> None:
    quantizer, x = spec.build(shape), weight(shape)
    encoded = quantizer.encode(x)
    assert torch.equal(quantizer.decode(encoded), quantizer(x))
    assert encoded.codes.dtype == torch.uint8
    assert int(encoded.codes.max()) < 2**spec.num_bits
    stored = pack(encoded.codes, spec.num_bits).numel() * 8
    stored += sum(tensor.numel() * 32 for tensor in encoded.tensors.values())
    assert stored == spec.storage_bits(shape)


@pytest.mark.parametrize("symmetric", [False, True])
def test_whole_numbers_in_range_survive(symmetric: bool) -> None:
    low = -7.0 if symmetric else 0.0
    x = torch.arange(low, 16 + low if not symmetric else 8.0).reshape(1, -1)
    spec = AffineSpec(4, symmetric=symmetric)
    assert torch.equal(spec.build()(x), x)


def test_groups_at_both_ends_are_per_tensor_and_per_channel() -> None:
    x = weight((12, 8))
    for coarse, fine in ((RowGroups(1), PerTensor()), (RowGroups(12), PerChannel())):
        assert torch.equal(
            AffineSpec(3, coarse).build()(x), AffineSpec(3, fine).build()(x)
        )


def test_weights_get_the_whole_gradient() -> None:
    x = weight((12, 8)).requires_grad_()
    AffineSpec(2, RowGroups(4)).build()(x).mul(2).sum().backward()
    assert x.grad is not None
    assert (x.grad == 2).all()


@pytest.mark.parametrize("granularity", [PerTensor(), PerChannel()], ids=str)
def test_look_up_equals_quantizing_the_whole_table(granularity: PerTensor) -> None:
    table, ids = weight((12, 8)), torch.tensor([[3, 3, 0], [11, 5, 2]])
    quantizer = AffineSpec(3, granularity).build()
    assert torch.equal(
        quantizer.look_up(table, ids), F.embedding(ids, quantizer(table))
    )


def test_dynamic_ranges_are_per_token() -> None:
    x = torch.tensor([[[1.0, 2.0]], [[100.0, 300.0]]])
    assert torch.equal(AffineSpec(8, PerToken()).build()(x), x)


def test_observed_range_is_used_in_evaluation() -> None:
    quantizer = AffineSpec(8, symmetric=True, observer=MovingAverage()).build()
    quantizer(torch.tensor([1.0, -1.0]))
    quantizer.eval()
    assert quantizer(torch.tensor([5.0])).item() == pytest.approx(1.0)


@pytest.mark.parametrize("num_bits", [0, 1, 9, 33, 2.5, True, "4"])
def test_widths_outside_2_to_8(num_bits: object) -> None:
    with pytest.raises(QbertError, match=r"accepted 2\.\.8"):
        AffineSpec(num_bits=num_bits)  # type: ignore[arg-type]


def test_an_observed_range_cannot_be_per_channel() -> None:
    with pytest.raises(QbertError, match="PerTensor"):
        AffineSpec(8, PerChannel(), observer=MovingAverage())


def test_groups_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(QbertError, match=r"some\.layer rows=12"):
        AffineSpec(8, RowGroups(5)).build((12, 8), "some.layer")
