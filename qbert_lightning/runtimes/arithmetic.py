"""The few operations that quantized layers are made of, for an engine to fill in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic

from torch import Tensor

from qbert_lightning.runtimes.operations import Value
from qbert_lightning.runtimes.stored_layers import ActivationLevels, StoredWeight
from qbert_lightning.runtimes.whole_weights import WholeWeight


class Arithmetic(ABC, Generic[Value]):
    """What an engine computes with; every method adds to its graph."""

    @abstractmethod
    def floats(self, values: Tensor) -> Value:
        """A constant in float32, of the shape of ``values``."""

    @abstractmethod
    def per_feature(self, values: Tensor) -> Value:
        """The same for one number per feature, to be added to or multiplied with."""

    @abstractmethod
    def codes(self, weight: StoredWeight) -> Value:
        """Codes as bytes ``[rows, columns]``, of their own width in the file."""

    @abstractmethod
    def float_matrix(self, weight: Tensor) -> Value:
        """A weight ``[rows, columns]`` as `product` multiplies it."""

    @abstractmethod
    def whole_matrix(self, weight: StoredWeight, whole: WholeWeight) -> Value:
        """``scale · (factor · codes + shift)`` for a product of 8-bit integers."""

    @abstractmethod
    def fake_quantize(self, x: Value, levels: ActivationLevels) -> Value:
        """``x̂ − origin``, from the level next to zero to the one nearest to ``x``."""

    @abstractmethod
    def product(self, x: Value, matrix: Value) -> Value:
        """``x · matrixᵀ``."""

    @abstractmethod
    def total(self, x: Value) -> Value:
        """``Σ x`` over the features: ``[batch, tokens, 1]``."""

    @abstractmethod
    def add_terms(self, product: Value, constant: Value, rest: Value | None) -> Value:
        """All added up, in the order in which the engine is fastest."""

    @abstractmethod
    def add(self, left: Value, right: Value) -> Value:
        """The sum of each with each."""

    @abstractmethod
    def multiply(self, left: Value, right: Value) -> Value:
        """The product of each with each."""

    def kept(self, x: Value) -> Value:
        """The same; an engine that would compute it in another order must not."""
        return x

    @abstractmethod
    def as_float(self, x: Value) -> Value:
        """The same numbers in float32."""

    @abstractmethod
    def gather(self, table: Value, ids: Value) -> Value:
        """Rows of a table: ``[batch, tokens]`` → ``[batch, tokens, features]``."""

    @abstractmethod
    def positions(self, ids: Value) -> Value:
        """``0, 1, …`` for each token: ``[1, tokens]``."""
