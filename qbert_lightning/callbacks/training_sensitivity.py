"""How sensitive each block is while the model trains, in the log."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import pytorch_lightning as pl

from qbert_lightning.datamodules import Batch
from qbert_lightning.models import double_differentiable_attention, select_blocks
from qbert_lightning.modules import mean_loss, num_terms
from qbert_lightning.sensitivity import Problem, SensitivityMetric


class TrainingSensitivity(pl.Callback):
    """Logs ``<prefix><quantity>/<block>``, the mean over data subsets.

    A key is for example ``float/hessian/top_eigenvalue/bert.encoder.layer.0``. The same
    random training examples are used throughout, so that only the weights make a
    difference. On a quantized model this is the curvature at the rounded weights: the
    straight-through estimator is differentiated as the identity. In a distributed run
    every process measures its own copy, and the first one logs.

    Args:
        metric: What is measured; keep its data small, it runs within training.
        every_n_steps: Training steps between two looks; the end is always logged.
        blocks: See `qbert_lightning.models.select_blocks`.
    """

    def __init__(
        self,
        metric: SensitivityMetric,
        every_n_steps: int = 200,
        blocks: str | Sequence[str] = "layers",
    ) -> None:
        self.metric = metric
        self.every_n_steps = every_n_steps
        self.blocks = blocks
        self._subsets: list[Sequence[Batch]] = []
        self._last_step = -1

    def on_fit_start(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        self._subsets = self.metric.draw(trainer.datamodule.sample_batches)  # type: ignore[attr-defined]
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
        model = pl_module.model
        problem = Problem(
            model=model,
            loss=mean_loss,
            blocks=select_blocks(model, self.blocks),
            subsets=self._subsets,
            batch_weight=num_terms,
        )
        with double_differentiable_attention(model):
            table = self.metric.score(problem)
        prefix = f"{getattr(pl_module, 'prefix', '')}{table.quantity}"
        samples = table.samples or {k: (x,) for k, x in table.importance.items()}
        row = {f"{prefix}/{block}": fmean(values) for block, values in samples.items()}
        for logger in trainer.loggers:
            logger.log_metrics(row, step=trainer.global_step)
