"""How sensitive each block is while the model trains, in the log."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import pytorch_lightning as pl

from qbert_lightning.callbacks.every_n_steps import EveryNSteps
from qbert_lightning.datamodules import Batch
from qbert_lightning.models import (
    double_differentiable_attention,
    needed_tokens_only,
    select_blocks,
)
from qbert_lightning.modules import mean_loss, num_terms
from qbert_lightning.sensitivity import Problem, SensitivityMetric


class TrainingSensitivity(EveryNSteps):
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
        super().__init__(every_n_steps)
        self.metric = metric
        self.blocks = blocks
        self._subsets: list[Sequence[Batch]] = []

    def on_fit_start(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        self._subsets = self.metric.draw(trainer.datamodule.sample_batches)  # type: ignore[attr-defined]

    def look(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, float]:
        """The mean of every block's samples, or its importance if it has none."""
        model = pl_module.model
        problem = Problem(
            model=model,
            loss=mean_loss,
            blocks=select_blocks(model, self.blocks),
            subsets=self._subsets,
            batch_weight=num_terms,
        )
        with double_differentiable_attention(model), needed_tokens_only(model):
            table = self.metric.score(problem)
        prefix = f"{getattr(pl_module, 'prefix', '')}{table.quantity}"
        samples = table.samples or {k: (x,) for k, x in table.importance.items()}
        return {f"{prefix}/{block}": fmean(values) for block, values in samples.items()}
