"""Specs, granularities and shapes that tests everywhere run over."""

from __future__ import annotations

from qbert_lightning.plan import (
    ColumnGroups,
    InputColumnBuckets,
    PerChannel,
    PerTensor,
    PerToken,
    RowGroups,
)
from qbert_lightning.quantizers import AffineSpec

SHAPES = ((12, 8), (24, 16))

GRANULARITIES = (
    PerTensor(),
    PerChannel(),
    RowGroups(1),
    RowGroups(4),
    RowGroups(12),
    InputColumnBuckets(4),
    ColumnGroups(4),
    PerToken(),
)

AFFINE_SPECS = tuple(
    AffineSpec(num_bits=bits, granularity=granularity, symmetric=symmetric)
    for bits in (2, 3, 4, 5, 8)
    for granularity in GRANULARITIES
    for symmetric in (False, True)
)

BERT_BASE_UNCASED = {
    "vocab_size": 30522,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
}
BERT_BASE_CASED = {**BERT_BASE_UNCASED, "vocab_size": 28996}
