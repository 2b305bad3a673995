"""Dropout that depends on the step alone."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import torch

from qbert_lightning.callbacks import StepSeeds
from qbert_lightning.callbacks.step_seeds import step_seed


def draw(seed: int, rank: int, epoch: int, batch: int) -> list[float]:
    """What a step at this position draws."""
    trainer: Any = SimpleNamespace(global_rank=rank, current_epoch=epoch)
    StepSeeds(seed).on_train_batch_start(trainer, None, None, batch)  # type: ignore[arg-type]
    return torch.rand(4).tolist()


def test_a_step_draws_the_same_whatever_was_drawn_before() -> None:
    first = draw(0, 0, 1, 7)
    torch.rand(3)
    draw(0, 0, 1, 6)
    assert draw(0, 0, 1, 7) == first


def test_every_seed_rank_epoch_and_batch_draws_its_own() -> None:
    positions = list(product(range(3), range(3), range(3), range(20)))
    assert len({tuple(draw(*position)) for position in positions}) == len(positions)
    assert len({step_seed(*position) for position in positions}) == len(positions)


def test_neighbouring_steps_are_unrelated() -> None:
    numbers = torch.tensor([draw(0, 0, 0, batch) for batch in range(500)])
    correlation = torch.corrcoef(numbers.T)
    assert (correlation - torch.eye(4)).abs().max() < 0.2
    following = torch.corrcoef(torch.stack([numbers[:-1, 0], numbers[1:, 0]]))
    assert abs(float(following[0, 1])) < 0.2
