"""The size of a quantized model, told from its configuration and its shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from qbert_lightning.allocation import BudgetedAllocator
from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.block_names import block_names
from qbert_lightning.pipeline.consistency import layer_shapes
from qbert_lightning.pipeline.float_models import Shapes, parameter_shapes
from qbert_lightning.pipeline.instantiate import instantiate
from qbert_lightning.pipeline.stored_by_shapes import (
    StoredWeight,
    layers_of,
    stored_sizes,
    stored_weights,
)
from qbert_lightning.plan import BlockSize, QuantPlan
from qbert_lightning.plan.size import FLOAT_BITS

EXACT, AT_MOST, AT_LEAST = "", "≤ ", "≥ "


@dataclass(frozen=True)
class PredictedSize:
    """Bytes of a quantized model, as ``quant/size_mb`` counts them.

    Attributes:
        num_bytes: How many.
        relation: Empty where they are exact; ``≤`` where an allocator with a budget
            decides, ``≥`` where parts of the model are not known yet.
    """

    num_bytes: int
    relation: str = EXACT

    def __str__(self) -> str:
        return f"{self.relation}{self.num_bytes:,}"


def predicted_size(
    config: Mapping[str, Any], float_model: Path | None
) -> PredictedSize | None:
    """How large a run's quantized model will be.

    Args:
        config: The run's resolved configuration.
        float_model: A folder with a float model of the same shapes, if there is one.

    Returns:
        None where it is not known: with a plan of its own, a number format without a
        formula here, or a budget for blocks that are patterns.
    """
    parameters = parameter_shapes(float_model) if float_model else {}
    layers = layers_of(parameters) or layer_shapes(config["model"])
    weights = stored_weights(config["quant"]["rules"], layers)
    if config["plan"] is not None or not layers or weights is None:
        return None
    quantized = _quantized_bits(config, parameters, layers, weights)
    if quantized is None:
        return None
    bits, relation = quantized
    if not parameters:
        relation = AT_LEAST
        parameters = {f"{name}.weight": shape for name, shape in layers.items()}
    rest = [
        prod(shape)
        for name, shape in parameters.items()
        if name.removesuffix(".weight") not in weights or name.endswith(".bias")
    ]
    return PredictedSize((bits + sum(rest) * FLOAT_BITS) // 8, relation)


def _quantized_bits(
    config: Mapping[str, Any],
    parameters: Shapes,
    layers: Shapes,
    weights: Mapping[str, StoredWeight],
) -> tuple[int, str] | None:
    """Bits of all quantized weights, and whether they are a limit."""
    allocator = instantiate(config["allocator"])
    names = block_names(config["blocks"], [*weights])

    def stored(bits: Mapping[str, int]) -> int:
        widths = {layer: weight.num_bits for layer, weight in weights.items()}
        for block, width in bits.items():
            for layer in plan.layers_of(block):
                widths[layer] = width
        return sum(
            weights[layer].with_bits(width).storage_bits(layers[layer])
            for layer, width in widths.items()
        )

    plan = QuantPlan(dict.fromkeys(weights))  # type: ignore[arg-type]
    if not allocator.needs_sensitivity:
        try:
            empty = {name: BlockSize(0, {}) for name in names}
            return stored(allocator.allocate(None, empty)), EXACT
        except QbertError:  # it names blocks known only once the model is there
            return None
    if not (names and parameters and isinstance(allocator, BudgetedAllocator)):
        return None
    widths = allocator.candidate_bits
    sizes = stored_sizes(config["quant"]["rules"], parameters, names, widths)
    least = stored(dict.fromkeys(names, widths[0]))
    return least + _more(allocator, sizes or {}), AT_MOST


def _more(allocator: BudgetedAllocator, sizes: Mapping[str, BlockSize]) -> int:
    """Bits that the budget leaves above the smallest widths, up to the widest."""
    budget, widths = allocator.budget, allocator.candidate_bits
    budget.check_reachable(sizes, widths)
    least, most = (
        sum(budget.cost(size, bits) for size in sizes.values())
        for bits in (widths[0], widths[-1])
    )
    return min(most, budget.limit(sizes)) - least
