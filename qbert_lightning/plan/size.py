"""Sizes, counted exactly: codes, scales, offsets and what stays in floating point."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from qbert_lightning.plan.granularity import Granularity
from qbert_lightning.plan.quant_plan import QuantPlan

FLOAT_BITS = 32
RANGE_BITS = 32  # each scale and each offset is a float32
BITS_PER_MEGABYTE = 8 * 2**20  # Q-BERT's "MB" is 2^20 bytes

Shapes = Mapping[str, Sequence[int]]


def average_bits(plan: QuantPlan, shapes: Shapes, blocks: Iterable[str]) -> float:
    """Mean width of the codes over the weights of ``blocks``; 32 for float ones."""
    total = weights = 0
    for block in blocks:
        for layer, shape in shapes.items():
            if layer == block or layer.startswith(f"{block}."):
                spec = plan[layer].weight if layer in plan else None
                total += prod(shape) * (spec.num_bits if spec else FLOAT_BITS)
                weights += prod(shape)
    return total / weights if weights else float(FLOAT_BITS)


def storage_bits(plan: QuantPlan, parameters: Shapes) -> int:
    """Bits of a whole model: packed where planned, 32-bit floats elsewhere.

    Args:
        plan: The model's plan.
        parameters: Parameter name → shape, such as ``layer.weight``.
    """
    total = 0
    for name, shape in parameters.items():
        layer, _, kind = name.rpartition(".")
        spec = plan[layer].weight if kind == "weight" and layer in plan else None
        total += spec.storage_bits(shape) if spec else prod(shape) * FLOAT_BITS
    return total


def affine_bits(
    shape: Sequence[int], num_bits: int, granularity: Granularity, *, symmetric: bool
) -> int:
    """Bits of codes at evenly spaced levels, and of their ranges.

    Args:
        shape: Of the tensor.
        num_bits: Width of a code.
        granularity: Which values share a range.
        symmetric: Whether a range is a scale alone, without an offset.

    >>> from qbert_lightning.plan.granularity import PerTensor
    >>> affine_bits((3, 5), 4, PerTensor(), symmetric=False)
    124
    """
    numbers_per_range = 1 if symmetric else 2
    ranges = granularity.num_ranges(shape)
    return prod(shape) * num_bits + ranges * numbers_per_range * RANGE_BITS


def nominal_megabytes(
    parameters: Shapes, encoder_bits: float, embedding_bits: float
) -> tuple[float, float]:
    """The papers' way of counting: every parameter at the width of its part.

    Biases and LayerNorm count as if they were quantized and ranges cost nothing, so
    this reproduces the published size columns; `storage_bits` is the honest count.

    Args:
        parameters: From `bert_parameters`.
        encoder_bits: Mean width in the encoder.
        embedding_bits: Width of the embedding part.

    Returns:
        Encoder and whole backbone in MB of 2^20 bytes.
    """
    encoder = sum(prod(s) for name, s in parameters.items() if ".encoder." in name)
    embeddings = sum(prod(s) for s in parameters.values()) - encoder
    encoder_mb = encoder * encoder_bits / BITS_PER_MEGABYTE
    return encoder_mb, encoder_mb + embeddings * embedding_bits / BITS_PER_MEGABYTE


def megabytes(bits: float) -> float:
    """Bits as MB of 2^20 bytes.

    >>> megabytes(8 * 2**20)
    1.0
    """
    return bits / BITS_PER_MEGABYTE
