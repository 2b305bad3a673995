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
from qbert_lightning.plan import (
    BlockSize,
    Granularity,
    PerTensor,
    QuantPlan,
    SchemeRule,
)
from qbert_lightning.plan.size import FLOAT_BITS, affine_bits

AFFINE = "qbert_lightning.quantizers.AffineSpec"
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


@dataclass(frozen=True)
class _Weight:
    """How a layer's weight is stored."""

    num_bits: int
    granularity: Granularity
    symmetric: bool

    def bits(self, shape: tuple[int, ...], num_bits: int | None = None) -> int:
        return affine_bits(
            shape,
            num_bits or self.num_bits,
            self.granularity,
            symmetric=self.symmetric,
        )


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
    layers = _layers(parameters) if parameters else layer_shapes(config["model"])
    weights = _weights(config, layers)
    if config["plan"] is not None or not layers or weights is None:
        return None
    quantized = _quantized_bits(config, layers, weights)
    if quantized is None or (quantized[1] and not parameters):
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


def _layers(parameters: Shapes) -> Shapes:
    """Layer → weight shape of every table and matrix."""
    return {
        name.removesuffix(".weight"): shape
        for name, shape in parameters.items()
        if name.endswith(".weight") and len(shape) == 2
    }


def _weights(config: Mapping[str, Any], layers: Shapes) -> dict[str, _Weight] | None:
    """Layer → how its weight is stored, by the last rule that matches."""
    rules = config["quant"]["rules"].values()
    found = {}
    for layer in layers:
        matching = [rule for rule in rules if SchemeRule(rule["match"]).matches(layer)]
        node = matching[-1].get("weight") if matching else None
        if node is None:
            continue
        if node.get("_target_") != AFFINE:
            return None
        cut = node.get("granularity")
        found[layer] = _Weight(
            num_bits=node.get("num_bits", 8),
            granularity=instantiate(cut) if cut else PerTensor(),
            symmetric=node.get("symmetric", False),
        )
    return found


def _quantized_bits(
    config: Mapping[str, Any], layers: Shapes, weights: Mapping[str, _Weight]
) -> tuple[int, str] | None:
    """Bits of all quantized weights, and whether they are a limit."""
    own = sum(weight.bits(layers[layer]) for layer, weight in weights.items())
    allocator = instantiate(config["allocator"])
    names = block_names(config["blocks"], [*weights])
    plan = QuantPlan(dict.fromkeys(weights))  # type: ignore[arg-type]
    inside = {name: plan.layers_of(name) for name in names}
    if allocator.needs_sensitivity:
        if not names or not isinstance(allocator, BudgetedAllocator):
            return None
        blocks = _block_sizes(allocator.candidate_bits, inside, layers, weights)
        return own + _most(allocator, blocks) - _own(inside, layers, weights), AT_MOST
    try:
        bits = allocator.allocate(None, {name: BlockSize(0, {}) for name in names})
    except QbertError:  # it names blocks that are known only once the model is there
        return None
    for block, width in bits.items():
        for layer in inside[block]:
            shape, weight = layers[layer], weights[layer]
            own += weight.bits(shape, width) - weight.bits(shape)
    return own, EXACT


def _block_sizes(
    widths: tuple[int, ...],
    inside: Mapping[str, tuple[str, ...]],
    layers: Shapes,
    weights: Mapping[str, _Weight],
) -> dict[str, BlockSize]:
    return {
        block: BlockSize(
            sum(prod(layers[name]) for name in names),
            {
                bits: sum(weights[name].bits(layers[name], bits) for name in names)
                for bits in widths
            },
        )
        for block, names in inside.items()
    }


def _most(allocator: BudgetedAllocator, blocks: Mapping[str, BlockSize]) -> int:
    """Bits that the budget allows, with what it leaves out, capped at the widest."""
    budget, widths = allocator.budget, allocator.candidate_bits
    uncounted = sum(
        size.storage_bits[widths[0]] - budget.cost(size, widths[0])
        for size in blocks.values()
    )
    widest = sum(size.storage_bits[widths[-1]] for size in blocks.values())
    return min(widest, budget.limit(blocks) + uncounted)


def _own(
    inside: Mapping[str, tuple[str, ...]],
    layers: Shapes,
    weights: Mapping[str, _Weight],
) -> int:
    """Bits of the blocks at the widths of their rules."""
    names = [name for block in inside.values() for name in block]
    return sum(weights[name].bits(layers[name]) for name in names)
