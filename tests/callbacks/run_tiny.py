"""A Lightning run of a few steps with a quantized tiny model, and what it logged."""

from __future__ import annotations

from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from qbert_lightning.callbacks import QuantizationCallback
from qbert_lightning.layers import layer_shapes
from qbert_lightning.methods import QuantAwareTraining, QuantMethod
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import QuantPlan, SchemeRule, SensitivityTable, expand_rules
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.tracking import MetricsLog
from tests.tiny import tiny_batch, tiny_bert

TABLE = SensitivityTable(
    "hessian_eigenvalue",
    importance={"bert.encoder.layer.0": 3.0},
    samples={"bert.encoder.layer.0": (1.0, -3.0)},
    quantity="hessian/top_eigenvalue",
)


class TinyModule(pl.LightningModule):
    """The least a callback needs: a model, a loss, an optimizer."""

    def __init__(self) -> None:
        super().__init__()
        self.model = tiny_bert()

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        return self.model(**batch).loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.model.parameters(), lr=0.01)


class TinyData(pl.LightningDataModule):
    """Batches to train on, and random ones to look at."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.batches = [tiny_batch(seed=seed) for seed in range(steps)]

    def train_dataloader(self) -> DataLoader:
        return DataLoader(self.batches, batch_size=None)

    def sample_batches(
        self, fraction: float, seed: int, most: int | None, size: int
    ) -> list[dict[str, Tensor]]:
        return [tiny_batch(size, seed=100 + seed)]


def tiny_plan() -> QuantPlan:
    activation = AffineSpec(8, observer=MovingAverage())
    rule = SchemeRule("*.encoder.*", weight=AffineSpec(3), input=activation)
    return expand_rules({"encoder": rule}, layer_shapes(tiny_bert()))


def fit(
    folder: Path,
    *callbacks: pl.Callback,
    method: QuantMethod | None = None,
    sensitivity: SensitivityTable | None = TABLE,
    steps: int = 4,
    accumulated: int = 1,
) -> tuple[TinyModule, dict[str, float]]:
    """Train a few steps; returns the module and the last value of each key."""
    log = MetricsLog(folder)
    quantization = QuantizationCallback(
        method or QuantAwareTraining("test"),
        tiny_plan(),
        [tiny_batch(seed=9)],
        sensitivity,
    )
    trainer = pl.Trainer(
        max_steps=steps,
        accumulate_grad_batches=accumulated,
        accelerator="cpu",
        logger=log,
        callbacks=[quantization, *callbacks],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    module = TinyModule()
    trainer.fit(module, datamodule=TinyData(steps))
    return module, log.summary
