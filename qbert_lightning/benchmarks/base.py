"""What every benchmark shares: what it measures on, and what comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor

from qbert_lightning.errors import QbertError
from qbert_lightning.plan import QuantPlan

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Say = Callable[[str], None]


def _none_quantized(overrides: Sequence[str]) -> Path:
    raise QbertError(f"{' '.join(overrides)}: no quantized models are made here")


def _no_plan(overrides: Sequence[str], model: PreTrainedModel) -> QuantPlan:
    raise QbertError(f"{' '.join(overrides)}: no plans are made here")


def _none_deployed(overrides: Sequence[str]) -> Mapping[str, float]:
    raise QbertError(f"{' '.join(overrides)}: no models are deployed here")


@dataclass(frozen=True)
class Subject:
    """What a benchmark measures on; each part is made when asked for.

    Attributes:
        float_folder: The fine-tuned float model, in Hugging Face layout.
        batches: ``(num_examples, batch_size)`` → batches of the training data.
        quantized: Overrides of the run → a quantized checkpoint of it.
        plan: Overrides of the run, and a float model → its plan, if that takes no
            data.
        deployment_scores: Overrides of the run, a runtime among them → its scores as a
            float model, fake-quantized and deployed.
        metric: The score that is compared, such as ``test/accuracy``.
        check: Refuses overrides of the run that are not accepted, before any work.
    """

    float_folder: Callable[[], Path]
    batches: Callable[[int, int], Sequence[Mapping[str, Tensor]]]
    quantized: Callable[[Sequence[str]], Path] = _none_quantized
    plan: Callable[[Sequence[str], PreTrainedModel], QuantPlan] = _no_plan
    deployment_scores: Callable[[Sequence[str]], Mapping[str, float]] = _none_deployed
    metric: str = ""
    check: Callable[[Sequence[str]], None] = lambda overrides: None


@dataclass(frozen=True)
class Outcome:
    """What a benchmark found.

    Attributes:
        title: Of the table.
        columns: The table's head.
        rows: The table, in words.
        notes: What a reader must know, one line each.
        measurements: Every single measurement, as plain values.
        facts: Whatever else shall be on record: versions, settings, ratios.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    measurements: tuple[Mapping[str, Any], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


class Benchmark(ABC):
    """A side-by-side measurement of ours against other libraries.

    Contestants do the same work on the same data in the same run, in rounds that take
    turns, because times of different days or machines cannot be compared.
    """

    name: ClassVar[str]

    @abstractmethod
    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """Measure everything.

        Args:
            subject: The model and data.
            folder: An existing folder for files of its own.
            say: Tells the user a line.

        Raises:
            QbertError: When ours cannot be measured; a peer that cannot is a row.
        """
