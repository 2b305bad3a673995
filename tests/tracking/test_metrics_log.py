"""A trainer's log: file, summary and tracker hold the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from qbert_lightning.tracking import MetricsLog, read_metrics


class Rows:
    """A tracker that keeps its rows."""

    def __init__(self) -> None:
        self.rows: list[Mapping[str, Any]] = []

    def log(self, row: Mapping[str, Any]) -> None:
        """Keep the row."""
        self.rows.append(row)


class Line(pl.LightningModule):
    """Fits a number; logs a loss at each step and a score at each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def training_step(self, batch: Tensor, _: int) -> Tensor:
        """Squared output."""
        loss = self.layer(batch).square().mean()
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: Tensor, _: int) -> None:
        """A score that is known beforehand."""
        self.log("val/accuracy", batch.sum())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Plain descent."""
        return torch.optim.SGD(self.parameters(), lr=0.1)


def test_rows_of_a_trainer(tmp_path: Path) -> None:
    tracker = Rows()
    log = MetricsLog(tmp_path, tracker)
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=log,
        log_every_n_steps=1,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(Line(), DataLoader(torch.ones(3, 1)), DataLoader(torch.ones(1, 1)))
    rows = read_metrics(tmp_path)
    losses = [row for row in rows if "train/loss" in row]
    scores = [row for row in rows if "val/accuracy" in row]
    assert [(row["step"], row["epoch"]) for row in losses] == [
        (0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 1),
    ]  # fmt: skip
    assert [row["epoch"] for row in scores] == [0, 1]
    assert log.summary["train/loss"] == losses[-1]["train/loss"]
    assert log.summary["val/accuracy"] == 1.0
    assert "step" not in log.summary
    assert tracker.rows == rows


def test_step_of_a_row_outside_of_training_is_the_last_one(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path)
    log.log_metrics({"train/loss": torch.tensor(0.5)}, step=7)
    log.log_metrics({"test/accuracy": 0.25})
    log.finalize("success")
    assert read_metrics(tmp_path) == [
        {"step": 7, "train/loss": 0.5},
        {"step": 7, "test/accuracy": 0.25},
    ]


def test_goes_on_from_the_rows_of_a_stopped_run(tmp_path: Path) -> None:
    first = MetricsLog(tmp_path / "first")
    first.log_metrics({"bits": 3.0}, step=0)
    first.log_metrics({"train/loss": 0.5, "epoch": 0}, step=4)
    tracker = Rows()
    second = MetricsLog(tmp_path / "second", tracker)
    second.log_metrics({"bits": 3.0}, step=0)  # as the first one did when it began
    second.log_metrics({"stale": 1.0}, step=0)
    second.replace(first.rows())
    second.log_metrics({"train/loss": 0.25})
    expected = [
        {"step": 0, "bits": 3.0},
        {"step": 4, "train/loss": 0.5, "epoch": 0},
        {"step": 4, "train/loss": 0.25},
    ]
    assert read_metrics(tmp_path / "second") == expected
    assert second.summary == {"bits": 3.0, "train/loss": 0.25}
    assert [row for row in tracker.rows if "stale" not in row] == expected
