"""An exponential moving average of the range: Q8BERT's way."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.observers.base import Observer
from qbert_lightning.plan import ObserverSpec


class MovingAverageObserver(Observer):
    r"""Moving average of the ends of the range.

    Plain (Q8BERT): ``m₁ = x₁``, then ``m ← m − (1 − d)(m − x)``.
    Bias-corrected: ``m₀ = 0``, the same recurrence, read as ``m / (1 − d^t)``; it
    forgets the first batch as fast as any other, which matters below 1/(1 − d) steps.

    Args:
        decay: ``d``, the weight of the past.
        bias_correction: Which of the two.
        symmetric: See `Observer`.
    """

    def __init__(self, *, decay: float, bias_correction: bool, symmetric: bool) -> None:
        super().__init__(symmetric=symmetric)
        self.decay = decay
        self.bias_correction = bias_correction

    def update_range(self, low: Tensor, high: Tensor) -> None:  # noqa: D102
        if self.count == 0 and not self.bias_correction:
            self.low.copy_(low)
            self.high.copy_(high)
        else:
            self.low.sub_((1 - self.decay) * (self.low - low))
            self.high.sub_((1 - self.decay) * (self.high - high))

    def range(self) -> tuple[Tensor, Tensor]:  # noqa: D102
        low, high = super().range()
        if self.bias_correction:
            correction = 1 - self.decay ** self.count.double()
            low, high = (low / correction).float(), (high / correction).float()
        return low, high


@dataclass(frozen=True)
class MovingAverage(ObserverSpec):
    """Moving average of the range of each batch.

    Attributes:
        decay: Weight of the past; 0.9999 in Q8BERT's code, 0.99 in Q-BERT's.
        bias_correction: Whether the start is corrected for (Q8BERT does not).
    """

    decay: float = 0.9999
    bias_correction: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1:
            raise QbertError(f"decay={self.decay!r}: accepted 0 <= decay < 1")

    def build(self, *, symmetric: bool) -> MovingAverageObserver:  # noqa: D102
        return MovingAverageObserver(
            decay=self.decay,
            bias_correction=self.bias_correction,
            symmetric=symmetric,
        )
