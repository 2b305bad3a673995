"""Learning rate: linear rise, then linear fall."""

from __future__ import annotations

import torch
from torch.optim.lr_scheduler import LRScheduler

from qbert_lightning.errors import QbertError


class LinearWarmup(LRScheduler):
    """Linear warm-up from 0 to the optimizer's rate, then linear to a fraction of it.

    With n steps and w = ``warmup_fraction`` n, step t has the factor t / w up to w
    and 1 - (1 - ``final_fraction``) (t - w) / (n - w) after it. BERT's fine-tuning
    schedule is the default (Devlin et al. 2019, appendix A.2).

    Args:
        optimizer: its rates are the peak.
        num_steps: optimizer steps of the whole training.
        warmup_fraction: share of steps with rising rate, from 0 to below 1.
        final_fraction: factor at the end; 1 keeps the rate constant after warm-up.

    Raises:
        QbertError: (code 2) a fraction outside its range.

    Example:
        >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        >>> schedule = LinearWarmup(optimizer, num_steps=4, warmup_fraction=0.5)
        >>> [schedule.factor(step) for step in range(5)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        num_steps: int,
        warmup_fraction: float = 0.1,
        final_fraction: float = 0.0,
    ) -> None:
        if not 0 <= warmup_fraction < 1:
            raise QbertError(
                f"warmup_fraction={warmup_fraction}: accepted from 0 to below 1"
            )
        if not 0 <= final_fraction <= 1:
            raise QbertError(f"final_fraction={final_fraction}: accepted 0 to 1")
        self.num_steps = num_steps
        self.warmup_steps = round(warmup_fraction * num_steps)
        self.final_fraction = final_fraction
        super().__init__(optimizer)

    def factor(self, step: int) -> float:
        """Factor of the peak rate at a step, counted from 0."""
        if step < self.warmup_steps:
            return step / self.warmup_steps
        falling = max(1, self.num_steps - self.warmup_steps)
        progress = min(1.0, (step - self.warmup_steps) / falling)
        return 1 - (1 - self.final_fraction) * progress

    def get_lr(self) -> list[float]:
        """Rates of all parameter groups at the current step."""
        return [rate * self.factor(self.last_epoch) for rate in self.base_lrs]
