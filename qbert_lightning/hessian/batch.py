"""The data that a loss is averaged over, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Batch = Mapping[str, Tensor]
LossFunction = Callable[[dict[str, Tensor]], Tensor]


def num_examples(batch: Batch) -> float:
    """Rows of a batch: the weight with which batch means add up to the data's mean.

    >>> num_examples({"labels": torch.zeros(5)})
    5.0
    """
    return float(next(iter(batch.values())).shape[0])


def on_device(batch: Batch, device: torch.device) -> dict[str, Tensor]:
    """A copy of the mapping, with its tensors on ``device``."""
    return {key: value.to(device) for key, value in batch.items()}
