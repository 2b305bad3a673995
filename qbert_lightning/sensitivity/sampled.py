"""Metrics measured on random subsets of the training data, on one or many devices."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import Batch
from qbert_lightning.plan import SensitivityTable
from qbert_lightning.sensitivity.base import (
    Key,
    Measurement,
    Progress,
    SampleBatches,
    SensitivityMetric,
)
from qbert_lightning.sensitivity.problem import Problem
from qbert_lightning.sensitivity.sharing import share


@dataclass(frozen=True)
class Task:
    """Values that are measured together: one subset, one or more blocks."""

    subset: int
    keys: tuple[Key, ...]


@dataclass(frozen=True, kw_only=True)
class SampledMetric(SensitivityMetric):
    """A metric with values for each of several data subsets.

    There are ``num_subsets`` random subsets of the training data, each of ``fraction``
    of it but at most ``max_examples`` examples, in batches of ``batch_size``. A
    subclass says which values there are (`tasks`), measures some (`measure`) and sums
    all up (`table`).

    Attributes:
        num_subsets: Data subsets, each measured on its own.
        fraction: Share of the training data in a subset.
        max_examples: Upper bound on a subset; null takes the whole fraction.
        batch_size: Examples in a batch; the result does not depend on it.

    Raises:
        QbertError: For a value outside its range.
    """

    num_subsets: int = 10
    fraction: float = 0.1
    max_examples: int | None = 64
    batch_size: int = 16

    def __post_init__(self) -> None:
        for key in ("num_subsets", "batch_size"):
            if getattr(self, key) < 1:
                raise QbertError(
                    f"analysis.{key}={getattr(self, key)}: accepted 1 or more"
                )
        if not 0 < self.fraction <= 1:
            raise QbertError(f"analysis.fraction={self.fraction}: accepted ]0, 1]")
        if self.max_examples is not None and self.max_examples < self.batch_size:
            raise QbertError(
                f"analysis.max_examples={self.max_examples}: accepted null, or at "
                f"least a batch (analysis.batch_size={self.batch_size})"
            )

    def check(self, num_rows: int, candidate_bits: Sequence[int]) -> None:
        """Raise `QbertError` if a subset of ``num_rows`` is smaller than a batch."""
        size = max(1, round(self.fraction * num_rows))
        if size < self.batch_size:
            raise QbertError(
                f"analysis.batch_size={self.batch_size}: more than a subset, "
                f"analysis.fraction={self.fraction} of {num_rows} training examples: "
                f"accepted 1..{size}"
            )

    def draw(self, sample: SampleBatches) -> list[Sequence[Batch]]:
        """See `SensitivityMetric.draw`."""
        return [
            sample(self.fraction, self.seed + index, self.max_examples, self.batch_size)
            for index in range(self.num_subsets)
        ]

    @abstractmethod
    def keys(self, problem: Problem) -> list[Key]:
        """All values there will be."""

    @abstractmethod
    def measure(self, problem: Problem, task: Task) -> Iterator[Measurement]:
        """Measure a task's values, each told as soon as it is there."""

    @abstractmethod
    def table(self, problem: Problem, values: Mapping[Key, float]) -> SensitivityTable:
        """The result of all values."""

    def tasks(self, problem: Problem, missing: Sequence[Key]) -> Iterator[Task]:
        """Group the values still to be measured: a subset at a time by default."""
        for subset in dict.fromkeys(key[1] for key in missing):
            yield Task(subset, tuple(key for key in missing if key[1] == subset))

    def prepared(self, problem: Problem) -> Problem:
        """The problem as `measure` wants it; a copy wherever it is changed."""
        return problem

    def score(
        self,
        problem: Problem,
        *,
        devices: Sequence[torch.device] = (),
        finished: Mapping[Key, float] | None = None,
        progress: Progress | None = None,
    ) -> SensitivityTable:
        """See `SensitivityMetric.score`."""
        if not problem.blocks or not problem.subsets:
            raise QbertError(
                f"sensitivity: {len(problem.blocks)} blocks, {len(problem.subsets)} "
                "subsets: accepted 1 or more of each"
            )
        keys = self.keys(problem)
        wanted = set(keys)
        values = {key: x for key, x in (finished or {}).items() if key in wanted}
        missing = [key for key in keys if key not in values]
        lock = Lock()

        def note(measurement: Measurement) -> None:
            with lock:
                values[measurement.key] = measurement.value
                if progress:
                    progress(replace(measurement, done=len(values), total=len(keys)))

        tasks = list(self.tasks(problem, missing))
        problem = self.prepared(problem)
        share(tasks, problem, devices, lambda own, task: self._run(own, task, note))
        return self.table(problem, values)

    def _run(self, problem: Problem, task: Task, note: Progress) -> None:
        try:
            for measurement in self.measure(problem, task):
                note(measurement)
        except QbertError as error:
            where = f"data subset {task.subset}"
            raise QbertError(f"{where}: {error}", error.code) from error
