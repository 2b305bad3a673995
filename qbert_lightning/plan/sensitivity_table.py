"""How much each block minds being quantized, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True)
class SensitivityTable:
    """What an analysis found, read by allocators.

    Attributes:
        metric: Name of the metric that made it.
        importance: Block → one number to rank by, larger is more sensitive.
        scores: Block → candidate width → expected harm of that width; may be empty.
        samples: Block → raw values behind the importance, one per data subset.
        quantity: What the samples are, as the first part of the keys they are logged
            with, such as ``hessian/top_eigenvalue``.
    """

    metric: str
    importance: Mapping[str, float]
    scores: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    samples: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    quantity: str = "sensitivity"

    def with_perturbations(
        self, perturbations: Mapping[str, Mapping[int, float]]
    ) -> Self:
        """The table with scores: importance times how far each width moves the weights.

        To second order the loss rises by ``½ Δᵀ H Δ``; with one number for the
        curvature of a block, widths compare by that number times ``‖Δ‖²`` (HAWQ-V2,
        equation 6).

        Args:
            perturbations: Block → width → squared distance ``‖Q(W) − W‖²``.
        """
        scores = {
            block: {bits: self.importance[block] * moved for bits, moved in row.items()}
            for block, row in perturbations.items()
        }
        return replace(self, scores=scores)

    def to_dict(self) -> dict[str, Any]:
        """The table in JSON's own types."""
        scores = {
            block: {str(bits): value for bits, value in row.items()}
            for block, row in self.scores.items()
        }
        samples = {block: list(values) for block, values in self.samples.items()}
        return {
            "metric": self.metric,
            "importance": dict(self.importance),
            "scores": scores,
            "samples": samples,
            "quantity": self.quantity,
        }

    def to_json(self) -> str:
        """The table as JSON text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The table that `to_json` wrote."""
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The table that `to_dict` wrote."""
        return cls(
            metric=data["metric"],
            importance=data["importance"],
            scores={
                block: {int(bits): value for bits, value in row.items()}
                for block, row in data["scores"].items()
            },
            samples={block: tuple(row) for block, row in data["samples"].items()},
            quantity=data["quantity"],
        )
