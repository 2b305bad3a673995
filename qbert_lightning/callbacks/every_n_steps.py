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
        self._last_step = -1

    @abstractmethod
    def look(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, float]:
        """The row: logged key → value; an empty one is not logged."""

    def on_fit_start(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        self._last_step = -1

    def on_train_batch_end(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
    ) -> None:
        if trainer.global_step % self.every_n_steps == 0:
            self._log(trainer, pl_module)

    def on_train_end(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        self._log(trainer, pl_module)

    def _log(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.global_step == self._last_step:
            return  # accumulated batches share a step, and so may the end
        self._last_step = trainer.global_step
        if row := self.look(trainer, pl_module):
            for logger in trainer.loggers:
                logger.log_metrics(row, step=trainer.global_step)
