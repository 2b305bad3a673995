"""Stateless tensor functions: the formulas of the papers."""

from qbert_lightning.functional.affine import (
    AffineParameters,
    choose_parameters,
    code_range,
    dequantize,
    fake_quantize,
    quantize,
)
from qbert_lightning.functional.grouping import group, ungroup
from qbert_lightning.functional.packing import pack, packed_bytes, unpack

__all__ = [
    "AffineParameters",
    "choose_parameters",
    "code_range",
    "dequantize",
    "fake_quantize",
    "group",
    "pack",
    "packed_bytes",
    "quantize",
    "ungroup",
    "unpack",
]
