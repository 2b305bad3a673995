"""How one layer is quantized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from qbert_lightning.errors import QbertError
from qbert_lightning.plan.spec import JsonValue, QuantSpec, spec_from_json

_TENSORS = ("weight", "input", "output")


@dataclass(frozen=True)
class QuantScheme:
    """How one layer is quantized; `None` leaves that tensor in floating point.

    Attributes:
        weight: The layer's matrix or table.
        input: What comes in, before the matrix product.
        output: What goes out, quantized again (Q8BERT's *requantize output*).
        delay: Training steps during which the layer still computes in floating point
            (Q8BERT's ``start_step``).
    """

    weight: QuantSpec | None = None
    input: QuantSpec | None = None
    output: QuantSpec | None = None
    delay: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.delay, bool) or self.delay < 0:
            raise QbertError(f"delay={self.delay!r}: accepted a whole number from 0")

    def with_weight_bits(self, num_bits: int) -> Self:
        """The same scheme with another weight width; unquantized weights stay so."""
        if self.weight is None:
            return self
        return replace(self, weight=self.weight.with_bits(num_bits))

    def to_json(self) -> dict[str, JsonValue]:
        """Plain JSON types, read back by `from_json`."""
        entries: dict[str, JsonValue] = {}
        for name in _TENSORS:
            spec = getattr(self, name)
            entries[name] = None if spec is None else spec.to_json()
        return {**entries, "delay": self.delay}

    @classmethod
    def from_json(cls, data: Mapping[str, JsonValue]) -> Self:
        """The scheme that `to_json` wrote; raises `QbertError` (code 4)."""
        if not isinstance(data, Mapping):
            raise QbertError(f"plan: {data!r:.50}: accepted a scheme", code=4)
        unknown = sorted(set(data) - {*_TENSORS, "delay"})
        if unknown:
            raise QbertError(
                f"plan: scheme key {unknown[0]!r} is unknown: "
                "accepted weight, input, output, delay",
                code=4,
            )
        specs: dict[str, QuantSpec | None] = {}
        for name in _TENSORS:
            entry = data.get(name)
            if entry is not None and not isinstance(entry, Mapping):
                raise QbertError(
                    f"plan: {name}={entry!r:.50}: accepted a number format or null",
                    code=4,
                )
            specs[name] = None if entry is None else spec_from_json(entry)
        delay = data.get("delay", 0)
        if not isinstance(delay, int):
            raise QbertError(f"plan: delay={delay!r:.50}: accepted int", code=4)
        return cls(**specs, delay=delay)
