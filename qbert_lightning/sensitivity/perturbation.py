"""The measured truth: how much the loss rises when one block alone is rounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean
from typing import ClassVar

import torch

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.hessian import Batch
from qbert_lightning.hessian.evaluation import differentiating_only
from qbert_lightning.plan import SensitivityTable
from qbert_lightning.sensitivity.base import Key, Measurement
from qbert_lightning.sensitivity.problem import Problem
from qbert_lightning.sensitivity.rounding import block_rounded
from qbert_lightning.sensitivity.sampled import SampledMetric, Task


@dataclass(frozen=True, kw_only=True)
class Perturbation(SampledMetric):
    """L(Q_b(W_i)) − L(W), the other blocks in floating point, for every width b.

    Forward passes only. This is what Q-BERT's Ω and HAWQ-V2's trace stand in for, so it
    is the reference to compare them with; it knows nothing of how blocks interact, nor
    of the training that follows. The importance of a block is its rise at the smallest
    width, and its samples are those of that width.

    >>> Perturbation(num_subsets=4, max_examples=None).name
    'perturbation'
    """

    name: ClassVar[str] = "perturbation"
    quantity: ClassVar[str] = "sensitivity/loss_rise"
    needs_plan: ClassVar[bool] = True

    def check(self, num_rows: int, candidate_bits: Sequence[int]) -> None:
        """Raise `QbertError` for too few examples, or without widths to round to."""
        super().check(num_rows, candidate_bits)
        if not candidate_bits:
            raise QbertError(
                "sensitivity=perturbation: no widths to round to: accepted with an "
                "allocator that has candidate_bits, such as allocator=ranked"
            )

    def keys(self, problem: Problem) -> list[Key]:
        """A value for each subset, block and width."""
        return [
            (block, subset, bits)
            for subset in range(len(problem.subsets))
            for block in problem.blocks
            for bits in problem.candidate_bits
        ]

    def measure(self, problem: Problem, task: Task) -> Iterator[Measurement]:
        """The rise of the subset's mean loss for each block and width."""
        batches = problem.subsets[task.subset]
        before = self._mean_loss(problem, batches, "the float model")
        for block, subset, bits in task.keys:
            assert bits is not None  # see `keys`
            with block_rounded(problem.model, problem.plan, block, bits):
                what = f"{block} at {bits} bits"
                rise = self._mean_loss(problem, batches, what) - before
            yield Measurement(block, subset, rise, 0.0, bits)

    def table(self, problem: Problem, values: Mapping[Key, float]) -> SensitivityTable:
        """Mean rises as scores; importance and samples are those of the least width."""
        subsets = range(len(problem.subsets))
        rises = {
            block: {
                bits: tuple(values[block, subset, bits] for subset in subsets)
                for bits in problem.candidate_bits
            }
            for block in problem.blocks
        }
        least = min(problem.candidate_bits)
        scores = {
            block: {bits: fmean(row) for bits, row in by_bits.items()}
            for block, by_bits in rises.items()
        }
        return SensitivityTable(
            self.name,
            importance={block: row[least] for block, row in scores.items()},
            scores=scores,
            samples={block: row[least] for block, row in rises.items()},
            quantity=self.quantity,
        )

    def _mean_loss(
        self, problem: Problem, batches: Sequence[Batch], what: str
    ) -> float:
        """The mean loss over a subset in evaluation mode, without gradients."""
        device = next(problem.model.parameters()).device
        weights = [problem.batch_weight(batch) for batch in batches]
        with differentiating_only(problem.model, ()), torch.no_grad():
            losses = [
                float(problem.loss_function(_moved(batch, device))) for batch in batches
            ]
        terms = (loss * weight for loss, weight in zip(losses, weights, strict=True))
        mean = sum(terms) / sum(weights)
        if not isfinite(mean):
            raise QbertError(
                f"perturbation: the loss of {what} is {mean}: accepted finite weights, "
                "data and loss",
                FAILED,
            )
        return mean


def _moved(batch: Batch, device: torch.device) -> dict[str, torch.Tensor]:
    return {name: tensor.to(device) for name, tensor in batch.items()}
