"""Pattern rules: from a few lines of configuration to a plan for every layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from qbert_lightning.errors import QbertError
from qbert_lightning.plan.quant_plan import QuantPlan
from qbert_lightning.plan.scheme import QuantScheme
from qbert_lightning.plan.spec import QuantSpec


@dataclass(frozen=True)
class SchemeRule:
    """Gives a scheme to every layer whose name matches.

    Attributes:
        match: Shell-style pattern, or several, over layer names; ``*`` crosses dots.
        weight: Spec of the layer's matrix or table.
        input: Spec of what comes in.
        output: Spec of what goes out.
        delay: Training steps in floating point first.
        required: Whether matching no layer at all is an error.
    """

    match: str | Sequence[str]
    weight: QuantSpec | None = None
    input: QuantSpec | None = None
    output: QuantSpec | None = None
    delay: int = 0
    required: bool = True

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns, always as a tuple."""
        return (self.match,) if isinstance(self.match, str) else tuple(self.match)

    def matches(self, layer: str) -> bool:
        """Whether the rule speaks of ``layer``."""
        return any(fnmatchcase(layer, pattern) for pattern in self.patterns)

    def scheme(self) -> QuantScheme:
        """The scheme the rule gives."""
        return QuantScheme(self.weight, self.input, self.output, self.delay)


def expand_rules(
    rules: Mapping[str, SchemeRule], shapes: Mapping[str, Sequence[int]]
) -> QuantPlan:
    """The plan that named rules make over a model's layers; the last match wins.

    Args:
        rules: Name → rule, in order of growing precedence.
        shapes: Layer name → weight shape ``(rows, columns)``, in the model's order.

    Raises:
        QbertError: If a required rule matches nothing, or groups do not fit a layer.
    """
    for name, rule in rules.items():
        if rule.required and not any(rule.matches(layer) for layer in shapes):
            some = ", ".join(list(shapes)[:3])
            raise QbertError(
                f"quant.rules.{name}.match={rule.match!r} matches no layer: "
                f"accepted patterns over names such as {some}"
            )
    schemes = {}
    for layer, shape in shapes.items():
        matching = [rule for rule in rules.values() if rule.matches(layer)]
        if matching:
            scheme = matching[-1].scheme()
            check_scheme(scheme, shape, layer)
            schemes[layer] = scheme
    return QuantPlan(schemes)


def check_scheme(scheme: QuantScheme, shape: Sequence[int], layer: str) -> None:
    """Raise `QbertError` if the weight's groups do not fit ``shape``."""
    granularity = getattr(scheme.weight, "granularity", None)
    if granularity is not None:
        granularity.check(shape, layer)
