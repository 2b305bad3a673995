"""The few operations that a BERT is made of, for an inference engine to fill in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from torch import nn

Value = TypeVar("Value")
"""What an engine calls a tensor of its graph: a node, or the name of one."""
VERY_NEGATIVE = -1e9
"""Added to the scores of padding; its exponential is zero."""


class Operations(ABC, Generic[Value]):
    """A graph under construction.

    Every method adds to the graph and returns the value it makes. Layers are those of
    the model itself: quantized ones bring their quantizers, which the engine carries
    out where the model has them.
    """

    @abstractmethod
    def input(self, name: str) -> Value:
        """An input of the model, int64 ``[batch, tokens]``."""

    @abstractmethod
    def look_up(self, table: nn.Embedding, ids: Value) -> Value:
        """Rows of a table: ``[batch, tokens]`` → ``[batch, tokens, features]``."""

    @abstractmethod
    def look_up_positions(self, table: nn.Embedding, ids: Value) -> Value:
        """Its first rows, one for each token: ``[1, tokens, features]``."""

    @abstractmethod
    def linear(self, layer: nn.Linear, x: Value) -> Value:
        """``x Wᵀ + b``, quantized as the layer says."""

    @abstractmethod
    def layer_norm(self, norm: nn.LayerNorm, x: Value) -> Value:
        """Zero mean and unit variance over the features, then weight and bias."""

    @abstractmethod
    def add(self, left: Value, right: Value) -> Value:
        """The sum."""

    @abstractmethod
    def gelu(self, x: Value) -> Value:
        """``x Φ(x)``, exactly (with the error function)."""

    @abstractmethod
    def tanh(self, x: Value) -> Value:
        """The hyperbolic tangent."""

    @abstractmethod
    def attention_bias(self, mask: Value) -> Value:
        """Zero where a token counts and very negative where it is padding.

        ``[batch, tokens]`` of ones and zeros → ``[batch, 1, 1, tokens]``.
        """

    @abstractmethod
    def attend(
        self, query: Value, key: Value, value: Value, bias: Value, num_heads: int
    ) -> Value:
        """``softmax(Q Kᵀ / √d + bias) V`` for each head; all ``[batch, tokens, …]``."""

    @abstractmethod
    def first_token(self, x: Value) -> Value:
        """``[batch, tokens, features]`` → ``[batch, 1, features]``."""

    @abstractmethod
    def only_token(self, x: Value) -> Value:
        """``[batch, 1, features]`` → ``[batch, features]``."""

    @abstractmethod
    def feature(self, x: Value, index: int) -> Value:
        """``[batch, tokens, features]`` → ``[batch, tokens]``, one of the features."""

    @abstractmethod
    def output(self, name: str, value: Value, *axes: str) -> None:
        """Make a value an output of the model, with a name for each axis."""
