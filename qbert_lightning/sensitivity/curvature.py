"""Metrics that read the Hessian of the loss."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import HessianOperator
from qbert_lightning.plan import SensitivityTable
from qbert_lightning.sensitivity.base import Key, Measurement
from qbert_lightning.sensitivity.problem import Problem
from qbert_lightning.sensitivity.sampled import SampledMetric, Task

ParameterFilter = Literal["all", "weights"]
Precision = Literal["float32", "float64"]


@dataclass(frozen=True, kw_only=True)
class CurvatureMetric(SampledMetric):
    """Importance of a block from its Hessian, measured on every subset.

    A subclass says what it measures on one operator (`curvature`) and how the values of
    all subsets make one importance (`summarise`). Scores of widths are not measured:
    they are importance × ‖Q(W) − W‖², the second-order term of the loss's Taylor series
    without its ½, which the allocation adds for the widths it may choose from.

    Attributes:
        parameters: ``all`` of a block's parameters, LayerNorm and biases included, as
            in Q-BERT's released code; or its ``weights`` only, the matrices.
        precision: Number format of weights and products.
        cache_mib: Memory for kept gradient graphs in MiB, on each device.
    """

    parameters: ParameterFilter = "all"
    precision: Precision = "float32"
    cache_mib: float = 2048.0

    def __post_init__(self) -> None:
        super().__post_init__()
        choices = {
            "parameters": ("all", "weights"),
            "precision": ("float32", "float64"),
        }
        for key, accepted in choices.items():
            if getattr(self, key) not in accepted:
                raise QbertError(
                    f"sensitivity.{key}={getattr(self, key)}: accepted "
                    f"{', '.join(accepted)}"
                )

    @property
    def one_operator(self) -> bool:
        """Whether one operator over all blocks serves; by default each has its own."""
        return False

    @abstractmethod
    def curvature(
        self, hessian: HessianOperator, generator: torch.Generator
    ) -> dict[str, tuple[float, float]]:
        """Value and relative error for each block of ``hessian``."""

    @abstractmethod
    def summarise(self, values: Sequence[float]) -> float:
        """One importance from the values of all subsets."""

    def keys(self, problem: Problem) -> list[Key]:
        """A value for each subset and block."""
        subsets = range(len(problem.subsets))
        return [(block, subset, None) for subset in subsets for block in problem.blocks]

    def tasks(self, problem: Problem, missing: Sequence[Key]) -> Iterator[Task]:
        """A subset at a time with all its blocks, or every value on its own."""
        if self.one_operator:
            yield from super().tasks(problem, missing)
        else:
            yield from (Task(key[1], (key,)) for key in missing)

    def prepared(self, problem: Problem) -> Problem:
        """The problem with weights in the metric's number format."""
        dtype: torch.dtype = getattr(torch, self.precision)
        formats = {parameter.dtype for parameter in problem.model.parameters()}
        return problem if formats == {dtype} else problem.copied(dtype=dtype)

    def measure(self, problem: Problem, task: Task) -> Iterator[Measurement]:
        """The task's blocks, all on one operator."""
        # The directions of a subset do not depend on what was finished before it.
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + task.subset)
        hessian = HessianOperator(
            problem.model,
            problem.loss_function,
            {key[0]: self.select(problem.blocks[key[0]]) for key in task.keys},
            problem.subsets[task.subset],
            cache_mib=self.cache_mib,
            batch_weight=problem.batch_weight,
        )
        with hessian:
            found = self.curvature(hessian, generator)
        for block, (value, error) in found.items():
            yield Measurement(block, task.subset, value, error)

    def table(self, problem: Problem, values: Mapping[Key, float]) -> SensitivityTable:
        """Importance of each block from its values on all subsets."""
        samples = {
            block: tuple(
                values[block, subset, None] for subset in range(len(problem.subsets))
            )
            for block in problem.blocks
        }
        importance = {name: self.summarise(row) for name, row in samples.items()}
        return SensitivityTable(
            self.name, importance, samples=samples, quantity=self.quantity
        )

    def select(self, block: nn.Module) -> list[nn.Parameter]:
        """The parameters of a block that count."""
        return [
            parameter
            for parameter in block.parameters()
            if self.parameters == "all" or parameter.ndim > 1
        ]
