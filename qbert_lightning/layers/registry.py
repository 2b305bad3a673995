"""Which quantized layer stands in for which float layer."""

from __future__ import annotations

from torch import nn

from qbert_lightning.layers.embedding import QuantizedEmbedding
from qbert_lightning.layers.linear import QuantizedLinear

QUANTIZED_LAYERS: dict[type[nn.Module], type[QuantizedLinear | QuantizedEmbedding]] = {
    nn.Linear: QuantizedLinear,
    nn.Embedding: QuantizedEmbedding,
}
