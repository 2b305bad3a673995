"""Drop-in quantized layers and the swap that puts them in place."""

from qbert_lightning.layers.base import QuantizedLayer
from qbert_lightning.layers.embedding import QuantizedEmbedding
from qbert_lightning.layers.integer_forward import set_int8_forward
from qbert_lightning.layers.linear import QuantizedLinear
from qbert_lightning.layers.surgery import apply_plan, layer_shapes, quantized_layers

__all__ = [
    "QuantizedEmbedding",
    "QuantizedLayer",
    "QuantizedLinear",
    "apply_plan",
    "layer_shapes",
    "quantized_layers",
    "set_int8_forward",
]
