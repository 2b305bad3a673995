"""The sensitivity table that a search starts from, read without anything heavy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite, prod
from pathlib import Path
from typing import Any

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.past_runs import PastRun, past_runs
from qbert_lightning.pipeline.consistency import layer_shapes
from qbert_lightning.plan import SensitivityTable

SAME = ("model", "blocks")


def known_table(
    given: str | None, config: Mapping[str, Any]
) -> tuple[SensitivityTable, Path] | None:
    """The table to start from, and where it is from.

    Args:
        given: A ``sensitivity.json`` or ``run.json``; None looks for the newest record
            of an analysis of the same task, model and blocks.
        config: The resolved configuration of the search.

    Raises:
        QbertError: (code 4) if the given file holds no table.
    """
    if given is not None:
        table = _read(Path(given))
        if table is None:
            raise QbertError(
                f"hydra.sweeper.sensitivity_table={given}: accepted a sensitivity.json "
                "or the run.json of an analysis, with finite values",
                DATA,
            )
        return table, Path(given)
    runs = past_runs(Path(config["paths"]["output_dir"]))
    fitting = [run for run in runs if run.sensitivity and _is_same(run, config)]
    for run in sorted(fitting, key=lambda run: run.started, reverse=True):
        table = _table(run.sensitivity)
        if table is not None:
            return table, run.folder
    return None


def block_weights(blocks: list[str], model: Mapping[str, Any]) -> dict[str, int]:
    """Block → number of weights in its matrices, as far as they are known."""
    shapes = layer_shapes(model)
    return {
        block: sum(
            prod(shape)
            for layer, shape in shapes.items()
            if layer == block or layer.startswith(f"{block}.")
        )
        or 1
        for block in blocks
    }


def _is_same(run: PastRun, config: Mapping[str, Any]) -> bool:
    """Whether a run measured this task's model."""
    task = run.config.get("task") or {}
    return (
        run.status == "finished"
        and task.get("name") == config["task"]["name"]
        and all(run.config.get(key) == config[key] for key in SAME)
    )


def _read(path: Path) -> SensitivityTable | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    is_record = isinstance(values, dict) and "sensitivity" in values
    return _table(values["sensitivity"] if is_record else values)


def _table(values: Any) -> SensitivityTable | None:
    """The table of a JSON object; None if it is none, or not finite."""
    try:
        table = SensitivityTable.from_dict(values)
        numbers = [*table.importance.values()]
        numbers += [value for row in table.scores.values() for value in row.values()]
        fine = table.importance and all(isfinite(number) for number in numbers)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return table if fine else None
