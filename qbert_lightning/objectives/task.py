"""The task's own loss."""

from __future__ import annotations

from torch import Tensor, nn

from qbert_lightning.objectives.base import Batch, Objective


class TaskObjective(Objective):
    """Cross entropy, or squared error for regression: the loss the model computes."""

    def forward(  # noqa: D102
        self, student: nn.Module, batch: Batch, teacher: nn.Module | None = None
    ) -> dict[str, Tensor]:
        return {"task": student(**batch).loss}
