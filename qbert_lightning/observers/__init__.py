"""How activation ranges are found; each file holds an observer and its spec."""

from qbert_lightning.observers.base import Observer
from qbert_lightning.observers.min_max import MinMax, MinMaxObserver
from qbert_lightning.observers.moving_average import (
    MovingAverage,
    MovingAverageObserver,
)
from qbert_lightning.observers.percentile import Percentile, PercentileObserver
from qbert_lightning.observers.recomputation import is_recomputed

__all__ = [
    "MinMax",
    "MinMaxObserver",
    "MovingAverage",
    "MovingAverageObserver",
    "Observer",
    "Percentile",
    "PercentileObserver",
    "is_recomputed",
]
