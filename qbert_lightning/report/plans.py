"""The distinct bit plans of some runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qbert_lightning.report.run import Run

AVERAGE = "quant/average_bits"


@dataclass(frozen=True)
class BitPlan:
    """A distinct assignment of weight bits to blocks, and the runs that used it."""

    bits: dict[str, int]
    runs: tuple[Run, ...]

    @property
    def mean(self) -> float:
        """Mean bits over the weights as recorded, over the blocks if they are not."""
        over_blocks = math.fsum(self.bits.values()) / len(self.bits)
        return self.runs[0].metrics.get(AVERAGE, over_blocks)


def bit_plans(runs: Sequence[Run]) -> list[BitPlan]:
    """The distinct bit plans of the quantized runs, fewest bits first."""
    groups: dict[tuple[tuple[str, int], ...], list[Run]] = {}
    for run in runs:
        if run.bits and run.is_quantized:
            groups.setdefault(tuple(sorted(run.bits.items())), []).append(run)
    plans = [BitPlan(dict(bits), tuple(used)) for bits, used in groups.items()]
    return sorted(plans, key=lambda plan: (plan.mean, list(plan.bits.values())))
