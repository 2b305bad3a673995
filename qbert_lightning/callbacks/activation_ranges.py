"""How the ranges of activations move, in the log."""

from __future__ import annotations

import pytorch_lightning as pl

from qbert_lightning.observers import Observer


class ActivationRanges(pl.Callback):
    """Logs ``quant/range_low/<observer>`` and ``quant/range_high/<observer>``.

    Args:
        every_n_steps: Training steps between two looks; the end is always logged.
    """

    def __init__(self, every_n_steps: int = 200) -> None:
        self.every_n_steps = every_n_steps

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
        row = {}
        for name, module in pl_module.model.named_modules():
            if isinstance(module, Observer) and module.count > 0:
                low, high = module.range()
                where = name.removesuffix(".observer").replace("_quantizer", "")
                row[f"quant/range_low/{where}"] = float(low)
                row[f"quant/range_high/{where}"] = float(high)
        if row:
            for logger in trainer.loggers:
                logger.log_metrics(row, step=trainer.global_step)
