"""What every sensitivity metric promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from qbert_lightning.hessian import Batch
from qbert_lightning.plan import SensitivityTable
from qbert_lightning.sensitivity.problem import Problem

Key = tuple[str, int, int | None]
"""Block, number of the data subset, and width for metrics that round weights."""

SampleBatches = Callable[[float, int, int | None, int], Sequence[Batch]]
"""Fraction of the training data, seed, most examples, batch size → batches."""


@dataclass(frozen=True)
class Measurement:
    """One finished value, told to the progress callback as soon as it is there.

    Attributes:
        block: Whose value.
        subset: Number of the data subset, from 0.
        value: What was measured.
        error: Its relative error: a residual or a standard error.
        bits: The width it is for, where the metric rounds weights.
        done: Values finished so far, this one included.
        total: Values there will be.
    """

    block: str
    subset: int
    value: float
    error: float
    bits: int | None = None
    done: int = 0
    total: int = 0

    @property
    def key(self) -> Key:
        """What the value is of."""
        return (self.block, self.subset, self.bits)


Progress = Callable[[Measurement], None]


@dataclass(frozen=True, kw_only=True)
class SensitivityMetric(ABC):
    """How much does each block of a model mind being quantized?

    Attributes:
        seed: Seed of all that is drawn.
    """

    name: ClassVar[str]
    quantity: ClassVar[str] = "sensitivity"
    """What `SensitivityTable.samples` holds, as the first part of logged keys."""
    needs_plan: ClassVar[bool] = False
    """Whether values depend on number format, ranges and candidate widths."""

    seed: int = 0

    def check(self, num_rows: int, candidate_bits: Sequence[int]) -> None:
        """Raise `QbertError` for what `score` would refuse, before any work.

        Args:
            num_rows: Training examples there are.
            candidate_bits: The widths that a block may be given, if any.
        """

    def draw(self, sample: SampleBatches) -> list[Sequence[Batch]]:
        """The data subsets that `score` wants; none by default.

        Args:
            sample: Draws random training data.
        """
        return []

    @abstractmethod
    def score(
        self,
        problem: Problem,
        *,
        devices: Sequence[torch.device] = (),
        finished: Mapping[Key, float] | None = None,
        progress: Progress | None = None,
    ) -> SensitivityTable:
        """Measure every block.

        Args:
            problem: Model, loss, blocks and data.
            devices: Where to work, on all of them at once; where the model is by
                default. The result does not depend on it, but for rounding.
            finished: Values known from an interrupted analysis.
            progress: Called with every new value, never by two threads at a time.

        Returns:
            Importance by block; scores by block and width for metrics that measure
            them; raw values by subset.

        Raises:
            QbertError: When a loss or a result is not finite, naming the block.
        """
