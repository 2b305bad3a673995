"""A control that knows nothing: random sensitivities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import torch

from qbert_lightning.plan import SensitivityTable
from qbert_lightning.sensitivity.base import Key, Progress, SensitivityMetric
from qbert_lightning.sensitivity.problem import Problem


@dataclass(frozen=True, kw_only=True)
class RandomSensitivity(SensitivityMetric):
    """Importances drawn uniformly from ]0, 1], another order for every seed.

    Any metric worth its cost must beat this one over several seeds.
    """

    name: ClassVar[str] = "random"

    def score(
        self,
        problem: Problem,
        *,
        devices: Sequence[torch.device] = (),
        finished: Mapping[Key, float] | None = None,
        progress: Progress | None = None,
    ) -> SensitivityTable:
        """See `SensitivityMetric.score`; looks at the blocks' names only."""
        numbers = Random(self.seed)
        importance = {block: 1.0 - numbers.random() for block in problem.blocks}
        return SensitivityTable(self.name, importance)
