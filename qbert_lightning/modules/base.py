"""Training and scoring a model on a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import Metric, MetricCollection

from qbert_lightning.datamodules import Batch, TaskDataModule
from qbert_lightning.errors import QbertError
from qbert_lightning.models import longest_input
from qbert_lightning.modules.non_finite import first_non_finite
from qbert_lightning.modules.parameter_groups import parameter_groups

if TYPE_CHECKING:
    from transformers import PreTrainedModel
    from transformers.utils import ModelOutput

Objective = Callable[[nn.Module, Batch], dict[str, Tensor]]


class TaskModule(pl.LightningModule, ABC):
    """One model on one task; a subclass fills in what is scored and how.

    Logs ``{prefix}train/loss`` every step and ``{prefix}val/<metric>`` and
    ``{prefix}test/<metric>`` at the end of an evaluation; a second reported split
    logs ``{prefix}test_<name>/<metric>``.

    Args:
        model: takes a batch and returns logits, and a loss when labels are given.
        objective: gives the named terms of the training loss.
        optimizer: makes the optimizer from parameter groups.
        scheduler: makes the schedule from the optimizer and ``num_steps``.
        metrics: names from `accepted_metrics`; the first is the primary one.
        data: the task's data.
        prefix: put before every logged key, e.g. ``"float/"``.

    Raises:
        QbertError: (code 2) an unknown metric, or inputs longer than the model's
            position embeddings.
    """

    accepted_metrics: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        model: PreTrainedModel,
        objective: Objective,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        metrics: Sequence[str],
        data: TaskDataModule,
        prefix: str = "",
    ) -> None:
        super().__init__()
        self.model = model
        self.objective = objective
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.metric_names = list(metrics)
        self.data = data
        self.prefix = prefix
        self._check()
        self.metrics = nn.ModuleDict(
            {
                key: MetricCollection(self.make_metrics(key), compute_groups=False)
                for key in ("val", *data.test_keys)
            }
        )

    # What a subclass fills in.

    @abstractmethod
    def make_metrics(self, key: str) -> dict[str, Metric]:
        """Metrics of one evaluated split.

        Args:
            key: the split's key in the data module.
        """

    @abstractmethod
    def update_metrics(
        self, metrics: MetricCollection, outputs: ModelOutput, batch: Batch
    ) -> None:
        """Add one batch to the metrics of its split."""

    # What the stages ask for.

    @property
    def primary_metric(self) -> str:
        """Name of the metric that comparisons are made by."""
        return self.metric_names[0]

    # What Lightning calls.

    def setup(self, stage: str) -> None:
        """Switch dropout on for training: models come in evaluation mode.

        Args:
            stage: what the trainer is about to do.
        """
        if stage == "fit":
            self.model.train()

    def configure_optimizers(self) -> dict[str, Any]:
        """Optimizer over two parameter groups and a schedule that moves every step."""
        optimizer = self.optimizer(parameter_groups(self.model))
        steps = self.trainer.estimated_stepping_batches
        if steps == float("inf"):
            raise QbertError(
                "max_epochs=-1 and max_steps=-1: accepted a limit in one of them"
            )
        scheduler = self.scheduler(optimizer, num_steps=int(steps))
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Sum of the objective's terms.

        Raises:
            QbertError: (code 1) the loss is NaN or infinite.
        """
        terms = self.objective(self.model, batch)
        loss = torch.stack([term.float() for term in terms.values()]).sum()
        if not bool(torch.isfinite(loss.detach())):
            where = first_non_finite(self.model, _inputs(batch))
            raise QbertError(
                f"{self.prefix}train/loss={loss.item()} at step {self.global_step}, "
                f"first in {where or 'the loss itself'}: accepted finite values; try a "
                "lower learning rate or more bits",
                code=1,
            )
        if len(terms) > 1:
            parts = {f"{self.prefix}train/{k}": v.detach() for k, v in terms.items()}
            self.log_dict(parts)
        self.log(f"{self.prefix}train/loss", loss.detach(), prog_bar=True)
        return loss

    def on_train_end(self) -> None:
        """Refuse weights that are not finite.

        Raises:
            QbertError: (code 1) naming the parameter.
        """
        for name, parameter in self.model.named_parameters():
            if not bool(torch.isfinite(parameter).all()):
                raise QbertError(
                    f"{name} holds NaN or infinity after step {self.global_step}: "
                    "accepted finite weights; try a lower learning rate",
                    code=1,
                )

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Score one batch of the split to select on."""
        loss = self._evaluate(batch, "val")
        self.log(
            f"{self.prefix}val/loss",
            loss,
            on_epoch=True,
            sync_dist=True,
            batch_size=len(batch["input_ids"]),
        )

    def test_step(
        self,
        batch: Batch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Score one batch of a reported split."""
        self._evaluate(batch, self.data.test_keys[dataloader_idx])

    def on_validation_epoch_end(self) -> None:
        """Log the scores of the split to select on."""
        self._log_metrics("val")

    def on_test_epoch_end(self) -> None:
        """Log the scores of all reported splits."""
        for key in self.data.test_keys:
            self._log_metrics(key)

    def _evaluate(self, batch: Batch, key: str) -> Tensor:
        outputs = self.model(**_inputs(batch))
        self.update_metrics(self.metrics[key], outputs, batch)
        return outputs.loss

    def _log_metrics(self, key: str) -> None:
        metrics = self.metrics[key]
        scores = metrics.compute()
        metrics.reset()
        for name in self.metric_names:
            # Metrics are the same on all devices already; the mean changes nothing.
            self.log(f"{self.prefix}{key}/{name}", scores[name].float(), sync_dist=True)

    def _check(self) -> None:
        for name in self.metric_names:
            if name not in self.accepted_metrics:
                raise QbertError(
                    f"task.module.metrics={name}: accepted "
                    f"{', '.join(self.accepted_metrics)}"
                )
        if not self.metric_names:
            raise QbertError(
                "task.module.metrics=[]: accepted at least one of "
                f"{', '.join(self.accepted_metrics)}"
            )
        longest = self.data.encoding.max_length
        limit = longest_input(self.model.config)
        if longest > limit:
            raise QbertError(
                f"task.data.max_length={longest}: accepted at most {limit}, the "
                "model's max_position_embeddings"
            )


def _inputs(batch: Batch) -> Batch:
    """What the model takes of a batch."""
    return {name: x for name, x in batch.items() if name != "feature_index"}
