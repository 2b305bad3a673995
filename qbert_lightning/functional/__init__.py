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
from qbert_lightning.functional.integer_product import (
    AffineMatrix,
    affine_matrix,
    integer_linear,
    integer_product,
)
from qbert_lightning.functional.packing import pack, packed_bytes, unpack

__all__ = [
    "AffineMatrix",
    "AffineParameters",
    "affine_matrix",
    "choose_parameters",
    "code_range",
    "dequantize",
    "fake_quantize",
    "group",
    "integer_linear",
    "integer_product",
    "pack",
    "packed_bytes",
    "quantize",
    "ungroup",
    "unpack",
]
