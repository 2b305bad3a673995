"""What a packed file holds, told from rules and shapes alone: no weights, no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Self

from qbert_lightning import plan
from qbert_lightning.plan import (
    BlockSize,
    Granularity,
    PerTensor,
    QuantPlan,
    QuantScheme,
    SchemeRule,
    block_sizes,
)
from qbert_lightning.plan.size import FLOAT_BITS, affine_bits

AFFINE = "qbert_lightning.quantizers.AffineSpec"
STEP_BITS = 64  # a quantized layer's counter of training steps
OBSERVER_BITS = 2 * 32 + 64  # the ends of a range, and how many tensors it has seen

Node = Mapping[str, Any]
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class StoredWeight:
    """How a weight is stored: what an `AffineSpec` says of it, without its torch.

    Attributes:
        num_bits: Width of a code.
        granularity: Which values share a range.
        symmetric: Whether a range is a scale alone.
    """

    num_bits: int
    granularity: Granularity
    symmetric: bool

    def storage_bits(self, shape: Sequence[int]) -> int:
        """Bits of codes and ranges."""
        return affine_bits(
            shape, self.num_bits, self.granularity, symmetric=self.symmetric
        )

    def with_bits(self, num_bits: int) -> Self:
        """The same at another width."""
        return replace(self, num_bits=num_bits)


def stored_weights(rules: Node, layers: Shapes) -> dict[str, StoredWeight] | None:
    """Layer → how its weight is stored, by the last rule that matches.

    Args:
        rules: The configuration's ``quant.rules``.
        layers: Layer name → weight shape.

    Returns:
        Layers with quantized weights; None where a number format has no formula here.
    """
    found = {}
    for layer, rule in _last_rules(rules, layers):
        node = rule.get("weight")
        if node is None:
            continue
        if node.get("_target_") != AFFINE:
            return None
        found[layer] = StoredWeight(
            node.get("num_bits", 8), granularity_of(node), node.get("symmetric", False)
        )
    return found


def granularity_of(spec: Node) -> Granularity:
    """Which values share a range; raises `QbertError` where there is no such cut.

    >>> granularity_of({"granularity": {"_target_": "qbert_lightning.plan.PerChannel"}})
    PerChannel()
    """
    arguments = dict(spec.get("granularity") or {})
    name = str(arguments.pop("_target_", "")).rpartition(".")[2]
    kind: type[Granularity] = getattr(plan, name, PerTensor)
    return kind(**arguments)


def stored_sizes(
    rules: Node, parameters: Shapes, blocks: Sequence[str], widths: Sequence[int]
) -> dict[str, BlockSize] | None:
    """Size of each block at every width, as `block_sizes` finds it with the model.

    Args:
        rules: The configuration's ``quant.rules``.
        parameters: Parameter name → shape, as far as they are known.
        blocks: Names of blocks of layers.
        widths: That the blocks may be given.

    Returns:
        None where a number format has no formula here.
    """
    layers = layers_of(parameters)
    weights = stored_weights(rules, layers)
    if weights is None:
        return None
    schemes = {layer: QuantScheme(weight=each) for layer, each in weights.items()}  # type: ignore[arg-type]
    beside = {
        name: prod(shape) * FLOAT_BITS
        for name, shape in parameters.items()
        if not (name.endswith(".weight") and name.removesuffix(".weight") in weights)
    }
    beside |= _state(rules, layers)
    return block_sizes(QuantPlan(schemes), layers, blocks, widths, beside)


def layers_of(parameters: Shapes) -> dict[str, tuple[int, ...]]:
    """Layer → weight shape of every table and matrix."""
    return {
        name.removesuffix(".weight"): shape
        for name, shape in parameters.items()
        if name.endswith(".weight") and len(shape) == 2
    }


def encoder_parameters(layers: Shapes) -> dict[str, tuple[int, ...]]:
    """Parameter → shape of the whole encoder, told from its matrices.

    >>> found = encoder_parameters({"bert.encoder.layer.0.output.dense": (4, 8)})
    >>> [name.removeprefix("bert.encoder.layer.0.output.") for name in found]
    ['dense.weight', 'dense.bias', 'LayerNorm.weight', 'LayerNorm.bias']
    """
    found = {}
    for layer, shape in layers.items():
        if ".encoder." not in layer:
            continue
        found |= {f"{layer}.weight": shape, f"{layer}.bias": shape[:1]}
        if layer.endswith("output.dense"):
            norm = f"{layer.removesuffix('dense')}LayerNorm"
            found |= {f"{norm}.weight": shape[:1], f"{norm}.bias": shape[:1]}
    return found


def _last_rules(rules: Node, layers: Shapes) -> Iterator[tuple[str, Node]]:
    """Each planned layer with the rule that counts."""
    known = [(SchemeRule(rule["match"]), rule) for rule in rules.values() if rule]
    for layer in layers:
        matching = [rule for pattern, rule in known if pattern.matches(layer)]
        if matching:
            yield layer, matching[-1]


def _state(rules: Node, layers: Shapes) -> dict[str, int]:
    """Counters and ranges of activations of the planned layers, in bits."""
    found = {}
    for layer, rule in _last_rules(rules, layers):
        found[f"{layer}.step"] = STEP_BITS
        for tensor in ("input", "output"):
            if (rule.get(tensor) or {}).get("observer"):
                found[f"{layer}.{tensor}_quantizer"] = OBSERVER_BITS
    return found
