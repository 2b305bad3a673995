"""What every observer shares: when it looks, and what it remembers."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.observers.recomputation import is_recomputed


class Observer(nn.Module, ABC):
    """Keeps the range of an activation seen while in training mode.

    In evaluation mode the range stands still, and so it does while gradient
    checkpointing recomputes what was seen before: the backward pass of a batch must
    come before the next batch. All state is in buffers, so a checkpoint is the whole
    truth.

    Args:
        symmetric: Whether ranges are made symmetric about zero before they are kept,
            as Q8BERT does with ``max|x|``.
    """

    low: Tensor
    high: Tensor
    count: Tensor

    def __init__(self, *, symmetric: bool) -> None:
        super().__init__()
        self.symmetric = symmetric
        self.register_buffer("low", torch.zeros(()))
        self.register_buffer("high", torch.zeros(()))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def forward(self, x: Tensor) -> None:
        """Look at ``x`` of any shape, if in training mode and for the first time."""
        if not self.training or is_recomputed():
            return
        low, high = self.measure(x.detach())
        if self.symmetric:
            high = torch.maximum(low.abs(), high.abs())
            low = -high
        self.update_range(low.float(), high.float())
        self.count += 1

    def measure(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Range of one tensor; the default is its smallest and largest value."""
        low, high = torch.aminmax(x)
        return low, high

    @abstractmethod
    def update_range(self, low: Tensor, high: Tensor) -> None:
        """Take the range of one more tensor into account; ``count`` is before it."""

    def range(self) -> tuple[Tensor, Tensor]:
        """The ends of the range, float32 scalars.

        Raises:
            QbertError: If nothing was observed yet (code 1).
        """
        if self.count == 0:
            raise QbertError(
                "activation range asked for before any data was seen: "
                "calibrate or train the quantized model first",
                FAILED,
            )
        return self.low, self.high
