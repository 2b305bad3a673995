"""A matrix product on quantized operands."""

from __future__ import annotations

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.layers.base import QuantizedLayer
from qbert_lightning.layers.integer_forward import integer_forward
from qbert_lightning.plan import QuantScheme


class QuantizedLinear(QuantizedLayer, nn.Linear):
    """``y = Q_out(Q_in(x) Q_w(W)ᵀ + b)``; the bias stays in floating point."""

    @classmethod
    def from_float(cls, linear: nn.Linear, scheme: QuantScheme, layer: str) -> Self:
        """The quantized layer around a float layer's own parameters.

        Args:
            linear: The float layer; its parameters are shared, not copied.
            scheme: How it is quantized.
            layer: Its name, for error messages.
        """
        quantized = cls.__new__(cls)
        nn.Module.__init__(quantized)
        quantized.in_features = linear.in_features
        quantized.out_features = linear.out_features
        quantized.weight, quantized.bias = linear.weight, linear.bias
        quantized.train(linear.training)
        return quantized.attach(scheme, layer)

    def forward(self, x: Tensor) -> Tensor:
        """``x [..., in_features]`` → ``[..., out_features]``."""
        if self.delayed():
            return super().forward(x)
        y = self._integer_product(x)
        if y is None:
            weight = self.weight_quantizer(self.weight)
            y = F.linear(self.input_quantizer(x), weight, self.bias)
        result: Tensor = self.output_quantizer(y)
        return result

    def _integer_product(self, x: Tensor) -> Tensor | None:
        """``Q_in(x) Q_w(W)ᵀ + b`` from codes, in training and for answers.

        An evaluated model with gradients stays one that can be differentiated twice.
        """
        differentiates = torch.is_grad_enabled() and not self.training
        if self.last_input is None or differentiates:
            return None
        quantizers = self.input_quantizer, self.weight_quantizer
        return integer_forward(x, self.weight, self.bias, *quantizers, self.last_input)
