"""What is quantized, and how, in one model: the value every stage reads and writes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Self

from qbert_lightning.errors import QbertError
from qbert_lightning.plan.scheme import QuantScheme

FORMAT_VERSION = 1


class QuantPlan(Mapping[str, QuantScheme]):
    """Layer name → `QuantScheme`, in the model's order; layers not named stay float.

    >>> QuantPlan({"a": QuantScheme()}) == QuantPlan.from_json(
    ...     QuantPlan({"a": QuantScheme()}).to_json())
    True
    """

    def __init__(self, schemes: Mapping[str, QuantScheme] | None = None) -> None:
        self._schemes = dict(schemes or {})

    def __getitem__(self, layer: str) -> QuantScheme:
        return self._schemes[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._schemes)

    def __len__(self) -> int:
        return len(self._schemes)

    def __repr__(self) -> str:
        return f"QuantPlan({len(self)} layers)"

    def layers_of(self, block: str) -> tuple[str, ...]:
        """The planned layers that are ``block`` or lie below it."""
        return tuple(
            name for name in self if name == block or name.startswith(f"{block}.")
        )

    def with_weight_bits(self, bits: Mapping[str, int]) -> Self:
        """The plan with other weight widths, given by block or by layer name.

        Raises:
            QbertError: If a name matches no planned layer.
        """
        schemes = dict(self._schemes)
        for block, num_bits in bits.items():
            layers = self.layers_of(block)
            if not layers:
                raise QbertError(f"plan: block {block!r} matches no quantized layer")
            for layer in layers:
                schemes[layer] = schemes[layer].with_weight_bits(num_bits)
        return type(self)(schemes)

    def weight_bits(self) -> dict[str, int]:
        """Width of each planned weight; layers with float weights are left out."""
        return {
            layer: scheme.weight.num_bits
            for layer, scheme in self.items()
            if scheme.weight is not None
        }

    def diff(self, other: QuantPlan) -> dict[str, tuple[str, str]]:
        """Layers whose scheme differs, with what stands in each plan.

        Returns:
            Layer → (description here, description in ``other``).
        """
        changes = {}
        for layer in dict.fromkeys([*self, *other]):
            mine, theirs = self.get(layer), other.get(layer)
            if mine != theirs:
                changes[layer] = (describe(mine), describe(theirs))
        return changes

    def to_json(self) -> str:
        """The plan as JSON text, stable to the byte for equal plans."""
        layers = {layer: scheme.to_json() for layer, scheme in self.items()}
        return json.dumps(
            {"version": FORMAT_VERSION, "layers": layers}, indent=1, allow_nan=False
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The plan that `to_json` wrote.

        Raises:
            QbertError: If the text is no plan of this version (code 4).
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise QbertError(f"plan: not JSON ({error})", code=4) from error
        if not isinstance(data, dict) or data.get("version") != FORMAT_VERSION:
            raise QbertError(
                f"plan: accepted an object with version={FORMAT_VERSION}", code=4
            )
        layers = data.get("layers")
        if not isinstance(layers, dict):
            raise QbertError("plan: accepted layers, an object of schemes", code=4)
        return cls({name: QuantScheme.from_json(item) for name, item in layers.items()})


def describe(scheme: QuantScheme | None) -> str:
    """A scheme in one short line, for tables and differences.

    >>> describe(None)
    'float'
    """
    if scheme is None:
        return "float"
    parts = []
    tensors = (scheme.weight, scheme.input, scheme.output)
    for letter, spec in zip("WAO", tensors, strict=True):
        if spec is not None:
            cut = getattr(spec, "granularity", None)
            parts.append(f"{letter}{spec.num_bits}" + (f" {cut}" if cut else ""))
    if scheme.delay:
        parts.append(f"from step {scheme.delay}")
    return ", ".join(parts) or "float"
