"""Sentences and sentence pairs: classification and regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    BinaryF1Score,
    MulticlassAccuracy,
    MulticlassMatthewsCorrCoef,
)
from torchmetrics.regression import PearsonCorrCoef, SpearmanCorrCoef

from qbert_lightning.datamodules import Batch
from qbert_lightning.errors import QbertError
from qbert_lightning.modules.base import TaskModule

if TYPE_CHECKING:
    from transformers.utils import ModelOutput


class SequenceClassification(TaskModule):
    """One class, or one number, for each input.

    ``f1`` is that of class 1 in a task of two classes, as GLUE scores MRPC and QQP.
    """

    accepted_metrics = ("accuracy", "f1", "matthews", "pearson", "spearman")

    def make_metrics(self, key: str) -> dict[str, Metric]:
        """The chosen metrics, when they fit the task."""
        labels = self.data.labels
        available: dict[str, Metric]
        if labels is None:
            available = {"pearson": PearsonCorrCoef(), "spearman": SpearmanCorrCoef()}
        else:
            available = {
                "accuracy": MulticlassAccuracy(len(labels), average="micro"),
                "matthews": MulticlassMatthewsCorrCoef(len(labels)),
            }
            if len(labels) == 2:
                available["f1"] = BinaryF1Score()
        for name in self.metric_names:
            if name not in available:
                raise QbertError(
                    f"task.module.metrics={name}: accepted {', '.join(available)} for "
                    f"{'regression' if labels is None else f'{len(labels)} classes'}"
                )
        return {name: available[name] for name in self.metric_names}

    def update_metrics(
        self, metrics: MetricCollection, outputs: ModelOutput, batch: Batch
    ) -> None:
        """Compare the best class, or the number, with the label."""
        logits = outputs.logits.float()
        if self.data.labels is None:
            metrics.update(logits.squeeze(-1), batch["labels"])
        else:
            metrics.update(logits.argmax(dim=-1), batch["labels"])
