"""What the analysis found about each layer, in the log of the run that uses it."""

from __future__ import annotations

from statistics import mean, pstdev

import pytorch_lightning as pl

from qbert_lightning.callbacks.quantization import quantization_of


class HessianSpectrum(pl.Callback):
    """Logs each layer's curvature over data subsets: mean, spread and importance.

    Keys are ``hessian/top_eigenvalue/<layer>`` (mean), ``hessian/top_eigenvalue_std/…``
    and ``hessian/importance/…`` (Q-BERT's Ω, "absolute mean plus std").
    """

    def on_fit_start(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        table = quantization_of(trainer).sensitivity
        if table is None:
            return
        row = {}
        for block, values in table.samples.items():
            row[f"hessian/top_eigenvalue/{block}"] = mean(values)
            row[f"hessian/top_eigenvalue_std/{block}"] = pstdev(values)
        for block, importance in table.importance.items():
            row[f"hessian/importance/{block}"] = importance
        for logger in trainer.loggers:
            logger.log_metrics(row, step=trainer.global_step)
