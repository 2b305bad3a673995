"""What the quantized model weighs, in the log."""

from __future__ import annotations

import pytorch_lightning as pl

from qbert_lightning.callbacks.quantization import quantization_of
from qbert_lightning.plan import megabytes, storage_bits


class ModelSize(pl.Callback):
    """Logs ``quant/size_mb``: packed codes, ranges and float leftovers, 2^20 bytes."""

    def on_fit_start(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        plan = quantization_of(trainer).plan
        shapes = {
            name: tuple(parameter.shape)
            for name, parameter in pl_module.model.named_parameters()
        }
        row = {"quant/size_mb": megabytes(storage_bits(plan, shapes))}
        for logger in trainer.loggers:
            logger.log_metrics(row, step=trainer.global_step)
