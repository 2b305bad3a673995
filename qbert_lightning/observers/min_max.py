"""The widest range seen."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qbert_lightning.observers.base import Observer
from qbert_lightning.plan import ObserverSpec


class MinMaxObserver(Observer):
    """Smallest and largest value over everything observed."""

    def update_range(self, low: Tensor, high: Tensor) -> None:  # noqa: D102
        if self.count == 0:
            self.low.copy_(low)
            self.high.copy_(high)
        else:
            torch.minimum(self.low, low, out=self.low)
            torch.maximum(self.high, high, out=self.high)


@dataclass(frozen=True)
class MinMax(ObserverSpec):
    """Range from the smallest to the largest value ever observed."""

    def build(self, *, symmetric: bool) -> MinMaxObserver:  # noqa: D102
        return MinMaxObserver(symmetric=symmetric)
