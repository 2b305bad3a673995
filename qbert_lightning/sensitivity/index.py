"""A control that knows the depth only: sensitivity by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.plan import SensitivityTable
from qbert_lightning.sensitivity.base import Key, Progress, SensitivityMetric
from qbert_lightning.sensitivity.problem import Problem


@dataclass(frozen=True, kw_only=True)
class IndexSensitivity(SensitivityMetric):
    """Blocks ranked by their place: the first or the last ones matter most.

    A curvature that only repeats the depth of the blocks is not worth its products.

    Attributes:
        most_sensitive: ``first`` or ``last``.

    Raises:
        QbertError: For another end.
    """

    name: ClassVar[str] = "index"

    most_sensitive: Literal["first", "last"] = "first"

    def __post_init__(self) -> None:
        if self.most_sensitive not in ("first", "last"):
            raise QbertError(
                f"sensitivity.most_sensitive={self.most_sensitive}: accepted first, "
                "last"
            )

    def score(
        self,
        problem: Problem,
        *,
        devices: Sequence[torch.device] = (),
        finished: Mapping[Key, float] | None = None,
        progress: Progress | None = None,
    ) -> SensitivityTable:
        """See `SensitivityMetric.score`; n for the end asked for, down to 1."""
        names = list(problem.blocks)
        if self.most_sensitive == "first":
            names.reverse()
        rank = {name: float(place) for place, name in enumerate(names, start=1)}
        return SensitivityTable(
            self.name, importance={block: rank[block] for block in problem.blocks}
        )
