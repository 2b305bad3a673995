"""The weights of the validation with the best score."""

from __future__ import annotations

import math
from typing import Any

import pytorch_lightning as pl
from torch import Tensor


class BestWeights(pl.Callback):
    """Keeps a copy, in memory and in checkpoints, and puts it back after training.

    Of equal scores the first counts; NaN counts as the lowest. Without any validation
    the last weights stay.

    Args:
        monitor: Logged key of the score; more is better.
    """

    def __init__(self, monitor: str) -> None:
        self.monitor = monitor
        self._score: float | None = None
        self._weights: dict[str, Tensor] = {}

    def on_validation_end(  # noqa: D102
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> None:
        score = float(trainer.callback_metrics[self.monitor])
        score = -math.inf if math.isnan(score) else score
        if self._score is None or score > self._score:
            self._score = score
            self._weights = {
                name: tensor.detach().to("cpu", copy=True)
                for name, tensor in pl_module.state_dict().items()
            }

    def put_back(self, pl_module: pl.LightningModule) -> None:
        """Load the copy into the module it was taken from."""
        if self._weights:
            pl_module.load_state_dict(self._weights)

    def state_dict(self) -> dict[str, Any]:  # noqa: D102
        return {"score": self._score, "weights": self._weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:  # noqa: D102
        self._score = state_dict["score"]
        self._weights = state_dict["weights"]
