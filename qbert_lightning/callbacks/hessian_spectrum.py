"""What the analysis found about each block, in the log of the run that uses it."""

from __future__ import annotations

from statistics import mean, pstdev

import pytorch_lightning as pl

from qbert_lightning.callbacks.quantization import quantization_of


class HessianSpectrum(pl.Callback):
    """Logs each block's sensitivity over data subsets: mean, spread and importance.

    Keys are ``hessian/top_eigenvalue/<block>`` (mean; another metric has another
    quantity), ``hessian/top_eigenvalue_std/<block>``, and ``sensitivity/<metric>/…``
    for the importance, such as Q-BERT's Ω = |mean| + std.
    """

    def on_fit_start(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        table = quantization_of(trainer).sensitivity
        if table is None:
            return
        row = {}
        for block, values in table.samples.items():
            row[f"{table.quantity}/{block}"] = mean(values)
            row[f"{table.quantity}_std/{block}"] = pstdev(values)
        for block, importance in table.importance.items():
            row[f"sensitivity/{table.metric}/{block}"] = importance
        for logger in trainer.loggers:
            logger.log_metrics(row, step=trainer.global_step)
