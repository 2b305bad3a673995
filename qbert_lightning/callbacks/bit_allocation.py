"""Which layer has how many bits, in the log."""

from __future__ import annotations

import pytorch_lightning as pl

from qbert_lightning.callbacks.quantization import quantization_of


class BitAllocation(pl.Callback):
    """Logs ``quant/bits/<layer>`` for every layer with a quantized weight."""

    def on_fit_start(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        bits = quantization_of(trainer).plan.weight_bits()
        row = {f"quant/bits/{layer}": float(width) for layer, width in bits.items()}
        for logger in trainer.loggers:
            logger.log_metrics(row, step=trainer.global_step)
