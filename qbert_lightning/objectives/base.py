"""What training minimises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from torch import Tensor, nn

Batch = Mapping[str, Tensor]


class Objective(nn.Module, ABC):
    """Named loss terms of one batch; their sum is the loss."""

    @abstractmethod
    def forward(
        self, student: nn.Module, batch: Batch, teacher: nn.Module | None = None
    ) -> dict[str, Tensor]:
        """The terms, each a scalar.

        Args:
            student: The network being trained, called as ``student(**batch)``.
            batch: Inputs and labels.
            teacher: A frozen float network, for objectives that want one.
        """
