"""Looking at a model every few training steps."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytorch_lightning as pl


class EveryNSteps(pl.Callback, ABC):
    """Logs a row every few training steps and at the end, once for each step.

    Args:
        every_n_steps: Training steps between two looks.
    """

    def __init__(self, every_n_steps: int) -> None:
        self.every_n_steps = every_n_steps
        self._step_before = 0

    @abstractmethod
    def look(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, float]:
        """The row: logged key → value; an empty one is not logged."""

    def on_train_batch_start(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: object,
        batch_idx: int,
    ) -> None:
        self._step_before = trainer.global_step

    def on_train_batch_end(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        # Batches whose gradients are only added up end no step.
        if trainer.global_step > self._step_before and self._is_due(trainer):
            self._log(trainer, pl_module)

    def on_train_end(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        if not self._is_due(trainer):
            self._log(trainer, pl_module)

    def _is_due(self, trainer: pl.Trainer) -> bool:
        return trainer.global_step % self.every_n_steps == 0

    def _log(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if row := self.look(trainer, pl_module):
            for logger in trainer.loggers:
                logger.log_metrics(row, step=trainer.global_step)
