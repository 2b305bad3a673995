"""What quantized layers share: the scheme, the delay, and being frozen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from qbert_lightning.layers.last_input import LastInput
from qbert_lightning.observers import is_recomputed
from qbert_lightning.plan import QuantScheme, QuantSpec
from qbert_lightning.quantizers import Quantizer, settled


class QuantizedLayer(nn.Module):
    """Mix-in of a float layer with quantizers for its weight, input and output.

    A quantized layer is a subclass of the float layer with the same parameter names, so
    a float checkpoint loads into it.

    Attributes:
        last_input: With it, training and answers without gradients compute products on
            codes where the formats allow it: the same numbers up to rounding, in less
            time and memory. The layers of a model share it; `None` is fake
            quantization.
    """

    weight: Tensor
    step: Tensor
    last_input: LastInput | None = None

    def attach(self, scheme: QuantScheme, layer: str) -> Self:
        """Give the layer its quantizers.

        Args:
            scheme: How the layer is quantized.
            layer: The layer's name, for error messages.

        Raises:
            QbertError: If the weight's groups do not fit its shape.
        """
        self.scheme = scheme
        shape = tuple(self.weight.shape)
        self.weight_quantizer = _build(scheme.weight, shape, layer)
        self.input_quantizer = _build(scheme.input, (), layer)
        self.output_quantizer = _build(scheme.output, (), layer)
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))
        return self

    def delayed(self) -> bool:
        """Whether the layer still computes in floating point; counts training steps.

        Q8BERT's ``start_step``: the layer's own counter, raised only in training and
        not when gradient checkpointing recomputes a step.
        """
        if not self.scheme.delay:  # the common case never reads the counter
            return False
        if not self.training:
            return int(self.step) < self.scheme.delay
        if not is_recomputed():
            self.step += 1
        return int(self.step) <= self.scheme.delay

    @torch.no_grad()
    def freeze_weight(self) -> None:
        """Put the quantized values in place of the float weight, for good."""
        quantizer = self.weight_quantizer
        if isinstance(quantizer, Quantizer):
            encoded = quantizer.encode(self.weight)
            self.weight.copy_(quantizer.decode(encoded))
            self.weight_quantizer = settled(quantizer, encoded)


def _build(spec: QuantSpec | None, shape: Sequence[int], layer: str) -> nn.Module:
    return nn.Identity() if spec is None else spec.build(shape, layer)
