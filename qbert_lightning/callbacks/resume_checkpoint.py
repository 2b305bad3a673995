"""The state of a training that goes on where it was stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from qbert_lightning.stop_signals import StopSignals, end_by
from qbert_lightning.tracking import MetricsLog

NOTE = "qbert_lightning"
_BATCHES = "epoch_loop.batch_progress"
_VALIDATION = "epoch_loop.val_loop.batch_progress"


class ResumeCheckpoint(pl.Callback):
    """Writes one checkpoint over and over: now and then, and before a signal ends it.

    It is taken where nothing of the past is pending: before the first batch of an
    optimizer step, when the rows of all earlier steps are logged. A signal that comes
    during a validation is obeyed there; that validation is then repeated from its
    beginning. Together with `StepSeeds` and a sampler that can begin anywhere, a run
    that goes on from it is the same to the bit as one that was never stopped.

    Args:
        path: The checkpoint.
        metrics: Its rows are part of the state.
        signals: Where interrupts are noted.
        every_minutes: Between two checkpoints; None for none by time.
        every_n_steps: Optimizer steps between two; None for none by steps.

    Attributes:
        facts: Plain values that are kept with the state, for whoever reads it.
        has_begun: Whether training began, so that what was loaded did fit.
    """

    def __init__(
        self,
        path: Path,
        metrics: MetricsLog,
        signals: StopSignals,
        every_minutes: float | None,
        every_n_steps: int | None,
    ) -> None:
        self.path = path
        self.metrics = metrics
        self.signals = signals
        self.every_minutes = every_minutes
        self.every_n_steps = every_n_steps
        self.facts: Mapping[str, Any] = {}
        self.has_begun = False
        self._loaded: dict[str, Any] | None = None
        self._last_step = 0
        self._last_time = 0.0

    # What a checkpoint keeps, and gives back.

    def on_save_checkpoint(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        checkpoint: dict[str, Any],
    ) -> None:
        loops = checkpoint["loops"]["fit_loop"]
        if trainer.validating:
            # One batch begun and none done: Lightning repeats the whole validation.
            begun = {"ready": 1, "started": 1, "processed": 0, "completed": 0}
            loops[_VALIDATION]["total"].update(begun)
            loops[_VALIDATION]["current"].update(dict.fromkeys(begun, 0))
        else:
            # The batch at hand is only fetched: Lightning fetches it again.
            for counts in (loops[_BATCHES]["total"], loops[_BATCHES]["current"]):
                counts["ready"] = counts["completed"]
            loops[_BATCHES]["is_last_batch"] = False
        checkpoint[NOTE] = {
            **self.facts,
            "step": trainer.global_step,
            "validating": trainer.validating,
            "logger_step": _logger_step(trainer),
            "rows": self.metrics.rows(),
        }

    def on_load_checkpoint(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        checkpoint: dict[str, Any],
    ) -> None:
        self._loaded = checkpoint[NOTE]

    # When one is written.

    def on_train_start(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        self.has_begun = True
        if self._loaded is not None:
            # Whatever was logged when this process began to train is among them.
            self.metrics.replace(self._loaded["rows"])
        self._start_waiting(trainer)
        self.signals.install()  # after Lightning's own, which end a run too soon

    def on_train_batch_start(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: object,
        batch_idx: int,
    ) -> None:
        if self._loaded is not None:
            if not self._loaded["validating"]:
                # Lightning counts one too many where a validation was just done.
                trainer.fit_loop.epoch_loop._batches_that_stepped = self._loaded[
                    "logger_step"
                ]
            self._loaded = None
        if batch_idx % trainer.accumulate_grad_batches:
            return  # gradients that are still added up are not in a checkpoint
        is_due, number = self._agree(trainer)
        if is_due or number:
            self._write(trainer)
        if number:
            end_by(number)

    def on_validation_batch_end(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: object,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        # Processes may have unequally many batches here, so that they cannot agree.
        if not self.signals.received or trainer.world_size > 1:
            return
        if _adds_up(trainer):
            return
        if trainer.global_step != trainer.max_steps:  # Lightning would end it there
            self._write(trainer)
        end_by(self.signals.received)

    def on_train_end(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        _, self.signals.received = self._agree(trainer)
        self.signals.restore()

    def on_exception(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        exception: BaseException,
    ) -> None:
        self.signals.restore()

    def _agree(self, trainer: pl.Trainer) -> tuple[bool, int]:
        """Whether a checkpoint is due, and a signal, in any of the processes."""
        wish = [int(self._is_due(trainer)), self.signals.received]
        if trainer.world_size > 1:
            device = trainer.strategy.root_device
            shared = trainer.strategy.reduce(
                torch.tensor(wish, device=device), reduce_op="max"
            )
            wish = shared.tolist()
        return bool(wish[0]), wish[1]

    def _is_due(self, trainer: pl.Trainer) -> bool:
        steps = trainer.global_step - self._last_step
        if self.every_n_steps is not None and steps >= self.every_n_steps:
            return True
        if self.every_minutes is None or steps == 0:
            return False
        return time.monotonic() - self._last_time >= 60 * self.every_minutes

    def _write(self, trainer: pl.Trainer) -> None:
        trainer.save_checkpoint(self.path)
        self._start_waiting(trainer)

    def _start_waiting(self, trainer: pl.Trainer) -> None:
        self._last_step = trainer.global_step
        self._last_time = time.monotonic()


def _logger_step(trainer: pl.Trainer) -> int:
    """The step that Lightning logs rows under."""
    return int(trainer.fit_loop.epoch_loop._batches_that_stepped)


def _adds_up(trainer: pl.Trainer) -> bool:
    """Whether there are gradients that no step has used yet."""
    progress = trainer.fit_loop.epoch_loop.batch_progress
    is_open = progress.current.ready % trainer.accumulate_grad_batches != 0
    return is_open and not progress.is_last_batch
