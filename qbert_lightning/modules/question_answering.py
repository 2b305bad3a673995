"""Span extraction: where in the passage the answer starts and ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from torchmetrics import Metric, MetricCollection

from qbert_lightning.datamodules import Batch, TaskDataModule
from qbert_lightning.errors import QbertError
from qbert_lightning.modules.base import Objective, TaskModule
from qbert_lightning.modules.span_score import SpanScore

if TYPE_CHECKING:
    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler
    from transformers import PreTrainedModel
    from transformers.utils import ModelOutput


class QuestionAnswering(TaskModule):
    """One span of the passage for each question, scored as SQuAD does, from 0 to 1.

    Args:
        model: see `TaskModule`.
        objective: see `TaskModule`.
        optimizer: see `TaskModule`.
        scheduler: see `TaskModule`.
        metrics: of ``f1`` and ``exact_match``, the primary one first.
        data: see `TaskModule`.
        prefix: see `TaskModule`.
        n_best: starts and ends considered in a window (20 in BERT's release).
        max_answer_length: most tokens of an answer (30 in BERT's release).

    Raises:
        QbertError: (code 2) a count below 1.
    """

    accepted_metrics = ("f1", "exact_match")

    def __init__(
        self,
        model: PreTrainedModel,
        objective: Objective,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        metrics: Sequence[str],
        data: TaskDataModule,
        prefix: str = "",
        n_best: int = 20,
        max_answer_length: int = 30,
    ) -> None:
        for key, value in (
            ("n_best", n_best),
            ("max_answer_length", max_answer_length),
        ):
            if value < 1:
                raise QbertError(f"task.module.{key}={value}: accepted 1 or more")
        self.n_best = n_best
        self.max_answer_length = max_answer_length
        super().__init__(model, objective, optimizer, scheduler, metrics, data, prefix)

    def make_metrics(self, key: str) -> dict[str, Metric]:
        """Both scores come from one metric."""
        return {"span": SpanScore(self.data, key, self.n_best, self.max_answer_length)}

    def update_metrics(
        self, metrics: MetricCollection, outputs: ModelOutput, batch: Batch
    ) -> None:
        """Hand on the logits of each window."""
        metrics.update(outputs.start_logits, outputs.end_logits, batch["feature_index"])
