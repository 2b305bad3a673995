"""Metrics that read the Hessian of the loss: the loop over data subsets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import Batch, HessianOperator, LossFunction
from qbert_lightning.plan import SensitivityTable
from qbert_lightning.sensitivity.base import (
    Measurement,
    Perturbations,
    Progress,
    SensitivityMetric,
)

ParameterFilter = Literal["all", "weights"]


@dataclass(frozen=True, kw_only=True)
class CurvatureMetric(SensitivityMetric):
    """Importance of a block from its Hessian, measured on every subset.

    A subclass says what it measures on one operator (`measure`) and how the values of
    all subsets make one importance (`summarise`). The score of a width is importance ×
    ‖Q(W) − W‖²: the second-order term of the loss's Taylor series, without its ½.

    Attributes:
        parameters: ``all`` of a block's parameters, LayerNorm and biases included, as
            in Q-BERT's released code; or its ``weights`` only, the matrices.
        cache_mib: Memory for kept gradient graphs in MiB.
    """

    joint: ClassVar[bool]
    """Whether one operator over all blocks serves, or each block needs its own."""

    parameters: ParameterFilter = "all"
    cache_mib: float = 2048.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.parameters not in ("all", "weights"):
            raise QbertError(
                f"sensitivity.parameters={self.parameters}: accepted all, weights"
            )

    @abstractmethod
    def measure(
        self, hessian: HessianOperator, generator: torch.Generator
    ) -> dict[str, tuple[float, float]]:
        """Value and relative error for each block of ``hessian``."""

    @abstractmethod
    def summarise(self, values: Sequence[float]) -> float:
        """One importance from the values of all subsets."""

    def score(
        self,
        model: nn.Module,
        loss_function: LossFunction,
        blocks: Mapping[str, nn.Module],
        subsets: Sequence[Sequence[Batch]],
        perturbations: Perturbations,
        *,
        finished: Mapping[tuple[str, int], float] | None = None,
        progress: Progress | None = None,
    ) -> SensitivityTable:
        """See `SensitivityMetric.score`."""
        if not blocks or not subsets:
            raise QbertError(
                f"sensitivity: {len(blocks)} blocks, {len(subsets)} subsets: "
                "accepted 1 or more of each"
            )
        parameters = {name: self._select(block) for name, block in blocks.items()}
        values = dict(finished or {})
        total = len(blocks) * len(subsets)
        for subset, group in self._left(parameters, len(subsets), values):
            chosen = {name: parameters[name] for name in group}
            found = self._run(model, loss_function, chosen, subsets[subset], subset)
            for name, (value, error) in found.items():
                values[name, subset] = value
                if progress:
                    progress(
                        Measurement(name, subset, value, error, len(values), total)
                    )
        samples = {
            name: tuple(values[name, subset] for subset in range(len(subsets)))
            for name in blocks
        }
        importance = {name: self.summarise(row) for name, row in samples.items()}
        table = SensitivityTable(self.name, importance, samples=samples)
        return table.with_perturbations(perturbations)

    def _select(self, block: nn.Module) -> list[nn.Parameter]:
        return [
            parameter
            for parameter in block.parameters()
            if self.parameters == "all" or parameter.ndim > 1
        ]

    def _left(
        self,
        blocks: Mapping[str, Sequence[nn.Parameter]],
        num_subsets: int,
        values: Mapping[tuple[str, int], float],
    ) -> Iterator[tuple[int, list[str]]]:
        """The analyses still to do: a subset and the blocks to take together."""
        for subset in range(num_subsets):
            missing = [name for name in blocks if (name, subset) not in values]
            if self.joint and missing:
                yield subset, missing
            elif not self.joint:
                for name in missing:
                    yield subset, [name]

    def _run(
        self,
        model: nn.Module,
        loss_function: LossFunction,
        blocks: Mapping[str, Sequence[nn.Parameter]],
        batches: Sequence[Batch],
        subset: int,
    ) -> dict[str, tuple[float, float]]:
        # The directions of a subset do not depend on what was finished before it.
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + subset)
        hessian = HessianOperator(
            model, loss_function, blocks, batches, cache_mib=self.cache_mib
        )
        try:
            with hessian:
                return self.measure(hessian, generator)
        except QbertError as error:
            raise QbertError(f"data subset {subset}: {error}", error.code) from error
