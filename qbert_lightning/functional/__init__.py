"""Stateless tensor functions: the formulas of the papers."""

from qbert_lightning.functional.affine import (
    AffineParameters,
    choose_parameters,
    code_range,
    dequantize,
    quantize,
)
from qbert_lightning.functional.affine_matrix import AffineMatrix, int8_matrix
from qbert_lightning.functional.fake_quantize import fake_quantize
from qbert_lightning.functional.grouping import group, ungroup
from qbert_lightning.functional.int8_codes import int8_codes
from qbert_lightning.functional.integer_linear import integer_linear
from qbert_lightning.functional.integer_product import integer_product
from qbert_lightning.functional.packing import pack, packed_bytes, unpack
from qbert_lightning.functional.quantized_linear import (
    QuantizedInput,
    quantized_input,
    quantized_linear,
)

__all__ = [
    "AffineMatrix",
    "AffineParameters",
    "QuantizedInput",
    "choose_parameters",
    "code_range",
    "dequantize",
    "fake_quantize",
    "group",
    "int8_codes",
    "int8_matrix",
    "integer_linear",
    "integer_product",
    "pack",
    "packed_bytes",
    "quantize",
    "quantized_input",
    "quantized_linear",
    "ungroup",
    "unpack",
]
