"""A look-up in a quantized table."""

from __future__ import annotations

from typing import Self

from torch import Tensor, nn

from qbert_lightning.layers.base import QuantizedLayer
from qbert_lightning.plan import QuantScheme
from qbert_lightning.quantizers import Quantizer


class QuantizedEmbedding(QuantizedLayer, nn.Embedding):
    """``y = Q_out(Q_w(W)[ids])``; there is no input to quantize."""

    @classmethod
    def from_float(cls, table: nn.Embedding, scheme: QuantScheme, layer: str) -> Self:
        """The quantized table around a float table's own parameter.

        Args:
            table: The float embedding; its parameter is shared, not copied.
            scheme: How it is quantized.
            layer: Its name, for error messages.
        """
        quantized = cls.__new__(cls)
        nn.Module.__init__(quantized)
        for name in (
            "num_embeddings",
            "embedding_dim",
            "padding_idx",
            "max_norm",
            "norm_type",
            "scale_grad_by_freq",
            "sparse",
        ):
            setattr(quantized, name, getattr(table, name))
        quantized.weight = table.weight
        quantized.train(table.training)
        return quantized.attach(scheme, layer)

    def forward(self, indices: Tensor) -> Tensor:
        """``indices [...]`` → ``[..., embedding_dim]``."""
        if self.delayed():
            return super().forward(indices)
        if isinstance(self.weight_quantizer, Quantizer):
            rows = self.weight_quantizer.look_up(self.weight, indices)
        else:
            rows = super().forward(indices)
        result: Tensor = self.output_quantizer(rows)
        return result
