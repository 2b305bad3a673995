"""When a checkpoint is written; what it is good for is tested with the workbench."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytorch_lightning as pl

from qbert_lightning.callbacks import ResumeCheckpoint
from qbert_lightning.stop_signals import StopSignals
from qbert_lightning.tracking import MetricsLog
from tests.callbacks.run_tiny import fit


class Clock:
    """A clock that goes on by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


class Steps(pl.Callback):
    """Lets every training step take as long as it is told."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.clock = clock
        self.seconds = seconds

    def on_train_batch_end(self, *_: object) -> None:
        self.clock.now += self.seconds


@pytest.mark.parametrize(
    ("every_minutes", "every_n_steps", "expected"),
    [
        (None, None, []),
        (None, 1, [1, 2, 3, 4, 5]),
        (None, 2, [2, 4]),
        (5, None, []),
        (1, None, [3]),  # each step takes 20 seconds
        (0, None, [1, 2, 3, 4, 5]),
        (1, 2, [2, 4]),
    ],
)
def test_by_time_and_by_steps(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    every_minutes: float | None,
    every_n_steps: int | None,
    expected: list[int],
) -> None:
    clock, saved = Clock(), []
    monkeypatch.setattr("qbert_lightning.callbacks.resume_checkpoint.time", clock)
    monkeypatch.setattr(
        pl.Trainer,
        "save_checkpoint",
        lambda trainer, path: saved.append(trainer.global_step),
    )
    log = MetricsLog(tmp_path / "log")
    callback = ResumeCheckpoint(
        tmp_path / "last.ckpt", log, StopSignals(), every_minutes, every_n_steps
    )
    fit(tmp_path, callback, Steps(clock, 20), steps=6)
    assert saved == expected
