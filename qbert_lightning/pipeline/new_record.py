"""The record of a run that is about to begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qbert_lightning.pipeline.naming import run_name
from qbert_lightning.tracking.run_record import RunRecord


def new_record(
    config: Mapping[str, Any], kind: str, overrides: Sequence[str], **facts: Any
) -> RunRecord:
    """What is known of a run from its configuration alone.

    Args:
        config: The resolved configuration.
        kind: The verb.
        overrides: What was asked for.
        **facts: Further fields of the record.
    """
    return RunRecord(
        name=run_name(config),
        task=config["task"]["name"],
        method=config["method"]["name"],
        kind=kind,
        seed=config["seed"],
        config=dict(config),
        overrides=list(overrides),
        primary_metric=f"test/{config['task']['module']['metrics'][0]}",
        **facts,
    )
