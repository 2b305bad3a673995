from __future__ import annotations

import pytest
import torch
from transformers import get_linear_schedule_with_warmup

from qbert_lightning.errors import QbertError
from qbert_lightning.modules import LinearWarmup


def rates(scheduler_class: object, steps: int, **arguments: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler = scheduler_class(optimizer, **arguments)
    seen = []
    for _ in range(steps):
        seen.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return seen


@pytest.mark.parametrize(("steps", "fraction"), [(100, 0.1), (37, 0.4), (10, 0.0)])
def test_default_is_the_usual_schedule(steps: int, fraction: float) -> None:
    ours = rates(LinearWarmup, steps, num_steps=steps, warmup_fraction=fraction)
    theirs = rates(
        get_linear_schedule_with_warmup,
        steps,
        num_warmup_steps=round(fraction * steps),
        num_training_steps=steps,
    )
    assert ours == pytest.approx(theirs)


def test_constant_rate() -> None:
    settings = {"num_steps": 9, "warmup_fraction": 0.0, "final_fraction": 1.0}
    assert rates(LinearWarmup, 12, **settings) == [0.5] * 12


def test_rate_after_the_last_step_is_the_final_one() -> None:
    seen = rates(LinearWarmup, 9, num_steps=4, warmup_fraction=0, final_fraction=0.2)
    assert seen[4:] == pytest.approx([0.1] * 5)


@pytest.mark.parametrize(
    "wrong", [{"warmup_fraction": 1.0}, {"warmup_fraction": -1}, {"final_fraction": 2}]
)
def test_fractions_outside_their_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(QbertError, match=f"{next(iter(wrong))}=.*: accepted"):
        rates(LinearWarmup, 1, num_steps=4, **wrong)
