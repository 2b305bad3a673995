"""Benchmark: what is left of score, size and time when models are deployed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from qbert_lightning.benchmarks.base import Outcome, Say, Subject
from qbert_lightning.benchmarks.contestant import Contestant
from qbert_lightning.benchmarks.inference import InferenceBenchmark
from qbert_lightning.benchmarks.inference_peers import UNIT
from qbert_lightning.errors import ENVIRONMENT, USAGE, QbertError

Scores = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class DeploymentBenchmark(InferenceBenchmark):
    """Trained models of a task in every runtime: scores, then latency and memory.

    A score of each model is taken twice on the reported split, from the
    fake-quantized model (``fake``) and through the runtime. ``runtimes`` are named like
    the choices of the configuration group ``runtime``. Nobody else takes part but
    PyTorch in float32, the unit.
    """

    name: ClassVar[str] = "deployment"

    train: bool = True

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        """See `Benchmark.run`."""
        for overrides in self.models.values():
            subject.check(overrides)
        scores = self._scores(subject, say)
        outcome = super().run(subject, folder, say)
        key = subject.metric
        rows = tuple(
            (who, *_told(scores.get(who, {}), key), *rest)
            for who, *rest in outcome.rows
        )
        first, *columns = outcome.columns
        return replace(
            outcome,
            title=f"{key} in percent; latency and memory: {outcome.title}",
            columns=(first, "fake %", "deployed %", *columns),
            rows=rows,
            facts={**outcome.facts, "metric": key, "scores": scores},
        )

    def peers(self) -> Iterator[tuple[str, Contestant]]:
        """The unit alone."""
        return ((who, peer) for who, peer in super().peers() if who == UNIT)

    def _scores(self, subject: Subject, say: Say) -> dict[str, Scores]:
        """Model and runtime → scores; the float model's stand with the unit."""
        scores: dict[str, Scores] = {}
        key = subject.metric
        for model, overrides in self.made().items():
            for name, runtime in self.runtimes.items():
                chosen = [
                    f"runtime.{key}={each}" for key, each in vars(runtime).items()
                ]
                every = [*overrides, f"runtime={name}", *chosen]
                try:
                    found = subject.deployment_scores(every)
                except QbertError as error:
                    if error.code not in (USAGE, ENVIRONMENT):
                        raise
                    say(f"  {model}, {name}: no score: {error}")
                    continue
                scores[f"{model}, {name}"] = found
                scores[UNIT] = {key: found[f"float/{key}"]}
        return scores


def _told(scores: Scores, key: str) -> tuple[str, str]:
    """Of the fake-quantized model and of the deployed one, in percent."""
    found = (scores.get(each) for each in (key, f"deployed/{key}"))
    one, other = ("" if each is None else f"{100 * each:.2f}" for each in found)
    return one, other
