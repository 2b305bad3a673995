"""Quantized layers in the few operations of an engine, written once for all of them.

Let steps of the input count from its level next to zero, ``x̂ = x° + origin``, and let
the weight be a matrix that the engine multiplies well and a rest for each row,
``Ŵ = M + rest · 1ᵀ``. Then

    x̂ Ŵᵀ + b  =  x° Mᵀ  +  rest · Σ x°  +  (b + origin · Σ Ŵ)

The first term is the engine's product, the second has rank one, and the last is a
constant of each output, added up here in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

import torch
from torch import Tensor, nn

from qbert_lightning.runtimes.arithmetic import Arithmetic
from qbert_lightning.runtimes.operations import Value
from qbert_lightning.runtimes.stored_layers import (
    ActivationLevels,
    StoredWeight,
    bias_of,
    input_levels,
    output_levels,
    stored_weight,
)
from qbert_lightning.runtimes.whole_weights import whole_weight


@dataclass(frozen=True)
class Matrix(Generic[Value]):
    """A weight of a graph.

    Attributes:
        value: ``M``, in the layout of the engine's product.
        rest: ``Ŵ − M``, one number for each row; `None` is zero and costs nothing.
    """

    value: Value
    rest: Tensor | None = None


class GraphLayers(Arithmetic[Value]):
    """Layers of a graph under construction, quantized as the model's are."""

    def __init__(self) -> None:
        self._steps: dict[tuple[int, ActivationLevels], tuple[Value, Value]] = {}

    def look_up(self, table: nn.Embedding, ids: Value) -> Value:
        """Rows of a table: ``[batch, tokens]`` → ``[batch, tokens, features]``."""
        return self.rounded(self._rows(table, ids), output_levels(table))

    def look_up_positions(self, table: nn.Embedding, ids: Value) -> Value:
        """Its first rows, one for each token: ``[1, tokens, features]``."""
        return self.look_up(table, self.positions(ids))

    def linear(self, layer: nn.Linear, x: Value) -> Value:
        """``x̂ Ŵᵀ + b``, at the levels of the layer's output if it has some."""
        levels, weight = input_levels(layer), stored_weight(layer)
        constant = bias_of(layer)
        if weight is None:
            matrix = Matrix(self.float_matrix(layer.weight))
            x = self.rounded(x, levels)
        else:
            matrix = self.matrix(weight, levels)
            if levels is not None:
                x = self.steps(x, levels)
                constant = constant + levels.origin * weight.row_sums()
        y = self.add_terms(
            self.product(x, matrix.value),
            self.per_feature(constant),
            self._rest(x, matrix.rest),
        )
        return self.rounded(y, output_levels(layer))

    def matrix(
        self, weight: StoredWeight, levels: ActivationLevels | None
    ) -> Matrix[Value]:
        """Whole numbers for an integer product, which has no zero points."""
        whole = whole_weight(weight)
        return Matrix(self.whole_matrix(weight, whole), whole.rest)

    def rounded(self, x: Value, levels: ActivationLevels | None) -> Value:
        """``x̂``; what is not quantized stays as it is."""
        if levels is None:
            return x
        steps = self.steps(x, levels)
        if not levels.origin:
            return steps
        return self.add(steps, self.floats(torch.tensor([levels.origin])))

    def steps(self, x: Value, levels: ActivationLevels) -> Value:
        """``x° = x̂ − origin``, shared by layers that round one tensor to the same."""
        key = (id(x), levels)
        if key not in self._steps:
            # Holds x too, so that its id stays its own.
            self._steps[key] = (x, self.fake_quantize(x, levels))
        return self._steps[key][1]

    def _rest(self, x: Value, rest: Tensor | None) -> Value | None:
        """``rest · Σ x``; `None` where nothing is left over."""
        if rest is None or not rest.any():
            return None
        return self.multiply(self.total(x), self.per_feature(rest))

    def _rows(self, table: nn.Embedding, ids: Value) -> Value:
        weight = stored_weight(table)
        if weight is None:
            return self.gather(self.floats(table.weight), ids)
        steps = self.as_float(self.gather(self.codes(weight), ids))
        scale = self._of_rows(weight.scale, ids)
        # Every operation is rounded by itself, as in the model.
        if weight.first is not None:  # symmetric
            first = self.floats(torch.tensor([weight.first]))
            steps = self.kept(self.add(steps, first))
            return self.kept(self.multiply(steps, scale))
        scaled = self.kept(self.multiply(self.kept(steps), scale))
        return self.add(scaled, self._of_rows(weight.offset, ids))

    def _of_rows(self, values: Tensor, ids: Value) -> Value:
        """Those of ``[rows, 1]`` that are looked up, or the one that all rows share."""
        if bool((values == values[0]).all()):
            return self.floats(values[0])
        return self.gather(self.floats(values), ids)
