"""How long jobs will take, from the seconds that runs like them took."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from qbert_lightning.past_runs import PastRun
from qbert_lightning.pipeline.incidental import INCIDENTAL

WHOLE = "run"  # the verb that goes through every stage
NAMES = frozenset({"name", "tags"})
ALIKE = ("model", "finetune", "quantize", "trainer", "analysis", "blocks")
# Stages that jobs share → what of the configuration they depend on.
SHARED: dict[str, tuple[str, ...]] = {
    "finetune": ("task", "model", "finetune", "objective", "checkpoint"),
    "evaluate_float": ("task", "model", "finetune", "objective", "checkpoint"),
    "analyze": ("task", "model", "finetune", "sensitivity", "blocks"),
}


def fingerprint(config: Mapping[str, Any], names: Sequence[str] | None = None) -> str:
    """A text that is equal for configurations that compute the same.

    Args:
        config: A resolved configuration.
        names: Its parts to compare; None for all but those that only say where a run
            is kept and what it is called.
    """
    kept = names or [name for name in config if name not in INCIDENTAL | NAMES]
    values = {name: config.get(name) for name in kept}
    return json.dumps(values, sort_keys=True, allow_nan=False)


class PastTimes:
    """Seconds of the stages of finished runs.

    Args:
        runs: Any runs.
    """

    def __init__(self, runs: Sequence[PastRun]) -> None:
        self._runs = [run for run in runs if run.status == "finished" and run.stages]
        self._whole = {
            fingerprint(run.config) for run in self._runs if run.kind == WHOLE
        }
        self._made: set[tuple[str, str]] = set()

    def is_finished(self, config: Mapping[str, Any]) -> bool:
        """Whether a run of this very configuration has finished before."""
        return fingerprint(config) in self._whole

    def alike(self, config: Mapping[str, Any]) -> list[PastRun]:
        """Finished runs of the same task, model, method and recipes, of any seed."""
        wanted = _recipe(config)
        return [run for run in self._runs if _recipe(run.config) == wanted]

    def seconds(self, config: Mapping[str, Any], *, has_float: bool) -> float | None:
        """Seconds that a job will take after those that were asked about before.

        Args:
            config: The job's resolved configuration.
            has_float: Whether its float model is there already.

        Returns:
            The sum of the means of its stages; None if no run is alike.
        """
        if self.is_finished(config):
            return 0.0
        runs = self.alike(config)
        if not runs:
            return None
        total = 0.0
        for stage in dict.fromkeys(name for run in runs for name in run.stages):
            depends = SHARED.get(stage)
            if depends is not None:
                made = (stage, fingerprint(config, depends))
                is_there = made in self._made or (has_float and stage != "analyze")
                self._made.add(made)
                if is_there:
                    continue
            known = [
                run.stages[stage]["seconds"] for run in runs if stage in run.stages
            ]
            total += mean(known)
        return total


def _recipe(config: Mapping[str, Any]) -> str:
    """What decides a run's time, without seeds."""
    parts = {
        name: {k: v for k, v in value.items() if k != "seed"}
        if isinstance(value := config.get(name), Mapping)
        else value
        for name in ALIKE
    }
    named = {name: (config.get(name) or {}).get("name") for name in ("task", "method")}
    is_analyzed = bool((config.get("allocator") or {}).get("candidate_bits"))
    sensitivity = (config.get("sensitivity") or {}).get("_target_")
    runtime = (config.get("runtime") or {}).get("_target_")
    described = [parts, named, sensitivity if is_analyzed else None, runtime]
    return json.dumps(described, sort_keys=True, allow_nan=False)
