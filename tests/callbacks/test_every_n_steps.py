"""When a callback looks."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl

from qbert_lightning.callbacks.every_n_steps import EveryNSteps
from qbert_lightning.tracking import read_metrics
from tests.callbacks.run_tiny import fit


class Counter(EveryNSteps):
    def __init__(self, every_n_steps: int) -> None:
        super().__init__(every_n_steps)
        self.looks = 0

    def look(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, float]:
        self.looks += 1
        return {"looks": float(self.looks)}


@pytest.mark.parametrize(
    ("every", "expected"), [(2, [2, 4]), (3, [3, 4]), (9, [4]), (1, [1, 2, 3, 4])]
)
def test_every_few_steps_and_once_at_the_end(
    tmp_path: Path, every: int, expected: list[int]
) -> None:
    fit(tmp_path, Counter(every), steps=4)
    rows = [row for row in read_metrics(tmp_path) if "looks" in row]
    assert [row["step"] for row in rows] == expected
    assert [row["looks"] for row in rows] == list(range(1, len(expected) + 1))


def test_batches_whose_gradients_are_added_up_share_a_look(tmp_path: Path) -> None:
    """Two batches a step, four batches an epoch."""
    fit(tmp_path, Counter(1), steps=4, accumulated=2)
    rows = [row for row in read_metrics(tmp_path) if "looks" in row]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
