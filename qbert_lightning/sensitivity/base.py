"""What every sensitivity metric shares: how data is drawn and what comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import Batch, LossFunction
from qbert_lightning.plan import SensitivityTable


@dataclass(frozen=True)
class Measurement:
    """One finished value, told to the progress callback as soon as it is there.

    Attributes:
        block: Whose value.
        subset: Number of the data subset, from 0.
        value: What was measured.
        error: Its relative error: a residual or a standard error.
        done: Values finished so far, this one included.
        total: Values there will be.
    """

    block: str
    subset: int
    value: float
    error: float
    done: int
    total: int


Progress = Callable[[Measurement], None]
Perturbations = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True, kw_only=True)
class SensitivityMetric(ABC):
    """How much does each block of a model mind being quantized?

    The caller draws ``num_subsets`` random subsets of the training data, each of
    ``fraction`` of it but at most ``max_examples`` examples, in batches of
    ``batch_size``.

    Attributes:
        num_subsets: Data subsets, each measured on its own.
        fraction: Share of the training data in a subset.
        max_examples: Upper bound on a subset; null takes the whole fraction.
        batch_size: Examples in a batch; the result does not depend on it.
        seed: Seed of the random directions.

    Raises:
        QbertError: For a value outside its range.
    """

    name: ClassVar[str]

    num_subsets: int = 10
    fraction: float = 0.1
    max_examples: int | None = 64
    batch_size: int = 16
    seed: int = 0

    def __post_init__(self) -> None:
        for key in ("num_subsets", "batch_size"):
            if getattr(self, key) < 1:
                raise QbertError(
                    f"sensitivity.{key}={getattr(self, key)}: accepted 1 or more"
                )
        if not 0 < self.fraction <= 1:
            raise QbertError(f"sensitivity.fraction={self.fraction}: accepted ]0, 1]")
        if self.max_examples is not None and self.max_examples < self.batch_size:
            raise QbertError(
                f"sensitivity.max_examples={self.max_examples}: accepted null, or at "
                f"least a batch (sensitivity.batch_size={self.batch_size})"
            )

    @abstractmethod
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
        """Measure every block.

        Args:
            model: The float network that ``loss_function`` runs; it is left as it was.
            loss_function: Batch → its mean loss, a scalar.
            blocks: Name → module, in order.
            subsets: The data, as batches of each subset.
            perturbations: Block → candidate width → ‖Q(W) − W‖², the squared distance
                that quantizing its weights to that width moves them.
            finished: Values known from an interrupted analysis, by block and subset.
            progress: Called with every new value.

        Returns:
            Importance by block, scores by block and width, raw values by subset.

        Raises:
            QbertError: When a loss or a result is not finite, naming the block.
        """
