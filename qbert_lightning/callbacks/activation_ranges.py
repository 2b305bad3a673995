"""How the ranges of activations move, in the log."""

from __future__ import annotations

import pytorch_lightning as pl

from qbert_lightning.callbacks.every_n_steps import EveryNSteps
from qbert_lightning.observers import Observer


class ActivationRanges(EveryNSteps):
    """Logs ``quant/range_low/<observer>`` and ``quant/range_high/<observer>``.

    Args:
        every_n_steps: Training steps between two looks; the end is always logged.
    """

    def __init__(self, every_n_steps: int = 200) -> None:
        super().__init__(every_n_steps)

    def look(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, float]:
        """The range of every observer that has seen something."""
        row = {}
        for name, module in pl_module.model.named_modules():
            if isinstance(module, Observer) and module.count > 0:
                low, high = module.range()
                where = name.removesuffix(".observer").replace("_quantizer", "")
                row[f"quant/range_low/{where}"] = float(low)
                row[f"quant/range_high/{where}"] = float(high)
        return row
