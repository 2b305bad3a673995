"""Sizes against the published columns and against counting by hand."""

from __future__ import annotations

import pytest

from qbert_lightning.plan import (
    PerTensor,
    QuantPlan,
    QuantScheme,
    RowGroups,
    average_bits,
    bert_parameters,
    bert_shapes,
    megabytes,
    nominal_megabytes,
    storage_bits,
)
from qbert_lightning.quantizers import AffineSpec
from tests.cases import BERT_BASE_CASED, BERT_BASE_UNCASED

# Computed from parameter counts of BERT-base; MB of 2^20 bytes.
SIZE_TABLE = [
    (32, 32, 324.46, 415.39, 410.91),
    (8, 8, 81.11, 103.85, 102.73),
    (4, 8, 40.56, 63.29, 62.17),
    (3, 8, 30.42, 53.15, 52.03),
    (2, 8, 20.28, 43.01, 41.89),
]


@pytest.mark.parametrize(
    ("bits", "embedding", "encoder", "uncased", "cased"), SIZE_TABLE
)
def test_nominal_sizes_are_the_published_ones(
    bits: int, embedding: int, encoder: float, uncased: float, cased: float
) -> None:
    parts = nominal_megabytes(bert_parameters(BERT_BASE_UNCASED), bits, embedding)
    assert parts == pytest.approx((encoder, uncased), abs=0.01)
    total = nominal_megabytes(bert_parameters(BERT_BASE_CASED), bits, embedding)[1]
    assert total == pytest.approx(cased, abs=0.01)


@pytest.mark.parametrize(
    ("bits", "encoder"), [(2.5, 25.35), (7 / 3, 23.66), (3.0, 30.42), (17 / 6, 28.73)]
)
def test_mixed_precision_sizes(bits: float, encoder: float) -> None:
    parameters = bert_parameters(BERT_BASE_UNCASED)
    assert nominal_megabytes(parameters, bits, 8)[0] == pytest.approx(encoder, abs=0.01)


def test_exact_size_counts_codes_ranges_and_leftovers() -> None:
    plan = QuantPlan(
        {"a": QuantScheme(weight=AffineSpec(4, RowGroups(2))), "b": QuantScheme()}
    )
    parameters = {
        "a.weight": (6, 10),
        "a.bias": (6,),
        "b.weight": (3, 3),
        "n.weight": (5,),
    }
    codes, ranges = 60 * 4, 2 * 2 * 32
    leftovers = (6 + 9 + 5) * 32
    assert storage_bits(plan, parameters) == codes + ranges + leftovers


def test_symmetric_ranges_cost_one_number() -> None:
    spec = AffineSpec(8, PerTensor(), symmetric=True)
    assert spec.storage_bits((4, 4)) == 16 * 8 + 32


def test_exact_size_of_group_wise_bert_base() -> None:
    """128 groups of a 768 × 768 matrix cost 0.014 bit a weight."""
    shape = (768, 768)
    bits = AffineSpec(4, RowGroups(128)).storage_bits(shape) / (768 * 768)
    assert bits == pytest.approx(4.014, abs=0.001)


def test_average_bits_weighs_layers_by_size() -> None:
    shapes = bert_shapes(BERT_BASE_UNCASED)
    blocks = [f"bert.encoder.layer.{i}" for i in range(12)]
    scheme = QuantScheme(weight=AffineSpec(2))
    plan = QuantPlan({name: scheme for name in shapes if ".encoder." in name})
    mixed = plan.with_weight_bits(dict.fromkeys(blocks[3:9], 3))
    assert average_bits(mixed, shapes, blocks) == pytest.approx(2.5)
    assert average_bits(QuantPlan(), shapes, blocks) == 32


def test_a_megabyte_is_two_to_the_twentieth_bytes() -> None:
    assert megabytes(8 * 2**20) == 1
