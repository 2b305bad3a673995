"""The weights of the best validation."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from qbert_lightning.callbacks import BestWeights


class Number(pl.LightningModule):
    """One weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))


def validate(best: BestWeights, module: Number, weight: float, score: float) -> None:
    with torch.no_grad():
        module.weight.fill_(weight)
    trainer: Any = SimpleNamespace(callback_metrics={"val/f1": torch.tensor(score)})
    best.on_validation_end(trainer, module)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.1, 0.7, 0.3], 1),
        ([0.5, 0.5], 0),
        ([math.nan, 0.2], 1),
        ([0.2, math.nan], 0),
        ([math.nan, math.nan], 0),
    ],
)
def test_best_score_first_of_equals_nan_last(
    scores: list[float], expected: int
) -> None:
    """Also when a checkpoint carries it from one process to the next."""
    best, module = BestWeights("val/f1"), Number()
    for index, score in enumerate(scores):
        validate(best, module, index, score)
        heir = BestWeights("val/f1")
        heir.load_state_dict(best.state_dict())
        best = heir
    best.put_back(module)
    assert module.weight.item() == expected


def test_without_validation_the_last_weights_stay() -> None:
    best, module = BestWeights("val/f1"), Number()
    with torch.no_grad():
        module.weight.fill_(3.0)
    best.put_back(module)
    assert module.weight.item() == 3.0
