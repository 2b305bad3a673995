"""A range that leaves the outermost values out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.observers.base import Observer
from qbert_lightning.plan import ObserverSpec


class PercentileObserver(Observer):
    """Mean over batches of the two percentiles of each batch.

    Args:
        percentile: The upper one in percent; the lower one is ``100 − percentile``.
        symmetric: Whether the percentile is taken of ``|x|``.
    """

    def __init__(self, *, percentile: float, symmetric: bool) -> None:
        super().__init__(symmetric=symmetric)
        self.percentile = percentile

    def measure(self, x: Tensor) -> tuple[Tensor, Tensor]:  # noqa: D102
        values = x.flatten().float()
        if self.symmetric:
            high = _order_statistic(values.abs(), self.percentile)
            return -high, high
        low = _order_statistic(values, 100 - self.percentile)
        return low, _order_statistic(values, self.percentile)

    def update_range(self, low: Tensor, high: Tensor) -> None:  # noqa: D102
        weight = 1 / (self.count + 1)
        self.low.lerp_(low, weight)
        self.high.lerp_(high, weight)


@dataclass(frozen=True)
class Percentile(ObserverSpec):
    """Range between two percentiles of each batch, averaged over batches.

    Attributes:
        percentile: In percent, above 50 and at most 100.
    """

    percentile: float = 99.99

    def __post_init__(self) -> None:
        if not 50 < self.percentile <= 100:
            raise QbertError(
                f"percentile={self.percentile!r}: accepted 50 < percentile <= 100"
            )

    def build(self, *, symmetric: bool) -> PercentileObserver:  # noqa: D102
        return PercentileObserver(percentile=self.percentile, symmetric=symmetric)


def _order_statistic(values: Tensor, percentile: float) -> Tensor:
    """The value at a percentile, nearest rank; works beyond quantile's size limit."""
    rank = 1 + round(percentile / 100 * (values.numel() - 1))
    return torch.kthvalue(values, rank).values
