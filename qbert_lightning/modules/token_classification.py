"""Tagging words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from qbert_lightning.datamodules import Batch
from qbert_lightning.datamodules.collate import IGNORED_LABEL
from qbert_lightning.modules.base import TaskModule
from qbert_lightning.modules.entity_f1 import EntityF1

if TYPE_CHECKING:
    from transformers.utils import ModelOutput


class TokenClassification(TaskModule):
    """One tag for each word, scored by entities; ``accuracy`` is that of the tags."""

    accepted_metrics = ("f1", "precision", "recall", "accuracy")

    def make_metrics(self, key: str) -> dict[str, Metric]:
        """Entity scores, and accuracy when it is asked for."""
        labels = self.data.labels
        assert labels is not None
        metrics: dict[str, Metric] = {"entity": EntityF1(labels)}
        if "accuracy" in self.metric_names:
            metrics["accuracy"] = MulticlassAccuracy(
                len(labels), average="micro", ignore_index=IGNORED_LABEL
            )
        return metrics

    def update_metrics(
        self, metrics: MetricCollection, outputs: ModelOutput, batch: Batch
    ) -> None:
        """Compare the best tag of each word's first piece with its label."""
        metrics.update(outputs.logits.argmax(dim=-1), batch["labels"])
