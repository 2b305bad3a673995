"""What a run is called, filed under and configured with, as W&B accepts it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qbert_lightning.tracking.json_values import encode
from qbert_lightning.tracking.run_record import RunRecord

# What the server takes; https://docs.wandb.ai and `wandb.Settings`' own checks.
MAX_TAG = 64
MAX_LABEL = 128
CHOICE = "_choice_"


def labels(
    record: RunRecord, sweep: Path | None, group: str | None = None
) -> dict[str, Any]:
    """Name, group, kind, tags and configuration of a run, as `wandb.init` takes them.

    Args:
        record: The run's record.
        sweep: Its sweep's folder, whose name is the group; None for a run alone.
        group: A group of the user's own.
    """
    group = group or (sweep.name if sweep else None)
    return {
        "name": _line(record.name, MAX_LABEL),
        "group": _line(group, MAX_LABEL) if group else None,
        "job_type": _line(record.kind, MAX_TAG),
        "tags": tags(record),
        "config": encode(
            {**record.config, "overrides": nested(override_values(record.overrides))}
        ),
    }


def tags(record: RunRecord) -> list[str]:
    """The configured tags, the task and the method: each once, none empty or long."""
    wanted = [*(record.config.get("tags") or ()), record.task, record.method]
    lines = [_line(str(tag), MAX_TAG) for tag in wanted]
    return list(dict.fromkeys(line for line in lines if line))


def override_values(overrides: Sequence[str]) -> dict[str, Any]:
    """Key → value of each override, numbers as numbers; the last one of a key holds.

    >>> override_values(["quant.groups=12", "+callbacks/x=y", "seed=1", "~logger"])
    {'quant.groups': 12, 'callbacks.x': 'y', 'seed': 1, 'logger': None}
    """
    values = {}
    for override in overrides:
        key, _, value = override.lstrip("+~").partition("=")
        deleted = override.startswith("~")
        values[key.replace("/", ".")] = None if deleted else _value(value)
    return values


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys as mappings within mappings, which the dashboard shows with dots.

    Dots within one name would not do: the dashboard takes them for levels. A choice
    (`method=qbert`) beside keys below it stands under `_choice_`.

    >>> nested({"quant.groups": 12, "method": "qbert", "method.x": 3})
    {'quant': {'groups': 12}, 'method': {'_choice_': 'qbert', 'x': 3}}
    """
    tree: dict[str, Any] = {}
    for key, value in sorted(values.items(), key=lambda entry: entry[0].count(".")):
        *parents, name = key.split(".")
        node = tree
        for parent in parents:
            below = node.setdefault(parent, {})
            if not isinstance(below, dict):
                below = node[parent] = {CHOICE: below}
            node = below
        node[name] = value
    return {key: tree[key] for key in dict.fromkeys(k.split(".")[0] for k in values)}


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if value is None or isinstance(value, bool | int | float) else text


def _line(text: str, length: int) -> str:
    """Printable text on one line, no longer than `length`."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())[:length].rstrip()
