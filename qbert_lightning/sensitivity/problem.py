"""What is analysed: a model, its loss, its blocks and some data."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import torch
from torch import Tensor, nn

from qbert_lightning.hessian import Batch, LossFunction, num_examples
from qbert_lightning.plan import QuantPlan

ModelLoss = Callable[[nn.Module, dict[str, Tensor]], Tensor]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Everything that a sensitivity metric may look at.

    Attributes:
        model: The float network; a metric leaves it as it was.
        loss: Model and batch → the batch's mean loss, a scalar.
        blocks: Name → part of ``model``, in order; the parts do not overlap.
        subsets: Data subsets, each as batches.
        batch_weight: Number of terms that a batch's mean is over.
        plan: Number format and ranges of each layer, for metrics that round weights.
        candidate_bits: The widths that a block may be given.
    """

    model: nn.Module
    loss: ModelLoss
    blocks: Mapping[str, nn.Module]
    subsets: Sequence[Sequence[Batch]] = ()
    batch_weight: Callable[[Batch], float] = num_examples
    plan: QuantPlan = field(default_factory=QuantPlan)
    candidate_bits: tuple[int, ...] = ()

    @property
    def loss_function(self) -> LossFunction:
        """The loss of this very model."""
        return lambda batch: self.loss(self.model, batch)

    def with_subsets(self, subsets: Sequence[Sequence[Batch]]) -> Self:
        """The same problem with other data."""
        return replace(self, subsets=subsets)

    def copied(
        self, device: torch.device | None = None, dtype: torch.dtype | None = None
    ) -> Self:
        """The same problem with a model of its own.

        Args:
            device: Where the copy lives; where this one does by default.
            dtype: Number format of the copy's weights; this one's by default.
        """
        # One call copies both, so that the copied blocks are parts of the copied model.
        model, blocks = copy.deepcopy((self.model, dict(self.blocks)))
        return replace(self, model=model.to(device, dtype), blocks=blocks)
