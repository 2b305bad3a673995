"""Which plans the graph engines can compute, told before any work is done."""

from __future__ import annotations

from qbert_lightning.errors import QbertError
from qbert_lightning.plan import (
    PerChannel,
    PerTensor,
    QuantPlan,
    QuantSpec,
    RowGroups,
)
from qbert_lightning.quantizers import AffineSpec

GRANULARITIES = (PerTensor, PerChannel, RowGroups)
"""Ways of cutting a weight that are a scale for each row."""


def check_plan(plan: QuantPlan) -> None:
    """Refuse what has no form in the engines' graphs.

    Raises:
        QbertError: (code 2) naming layer, tensor and what is accepted.
    """
    for layer, scheme in plan.items():
        _check_weight(f"plan: {layer}.weight", scheme.weight)
        _check_activation(f"plan: {layer}.input", scheme.input)
        _check_activation(f"plan: {layer}.output", scheme.output)


def _check_weight(what: str, spec: QuantSpec | None) -> None:
    if spec is None:
        return
    cut = _affine(what, spec).granularity
    if not isinstance(cut, GRANULARITIES):
        accepted = ", ".join(kind.__name__ for kind in GRANULARITIES)
        raise QbertError(
            f"{what}: granularity {cut}: accepted {accepted}, or runtime=integer"
        )


def _check_activation(what: str, spec: QuantSpec | None) -> None:
    if spec is not None and _affine(what, spec).observer is None:
        raise QbertError(
            f"{what}: its range is taken on the fly: accepted a range that an observer "
            "keeps, or runtime=integer"
        )


def _affine(what: str, spec: QuantSpec) -> AffineSpec:
    if not isinstance(spec, AffineSpec):
        raise QbertError(
            f"{what}: format {type(spec).__name__}: accepted AffineSpec, or "
            "runtime=integer"
        )
    return spec
