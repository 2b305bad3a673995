"""One comparison of the page: settings of one task, judged by one number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qbert_lightning.report.aggregate import Setting, split_of
from qbert_lightning.report.blocks import in_order, short_names
from qbert_lightning.report.differences import (
    TARGET,
    differing_keys,
    short_labels,
    telling_keys,
)
from qbert_lightning.report.plans import bit_plans
from qbert_lightning.report.run import Run

LOWER_IS_BETTER = ("loss", "perplexity", "error")
NUMBERS = {
    "drop": "quant/drop",
    "bits": "quant/average_bits",
    "size": "quant/size_mb",
    "compression": "quant/compression",
}
# Of a model that a runtime answers for; the drop is from the fake-quantized score.
DEPLOYED_NUMBERS = {
    "deployed_drop": "deployed/drop",
    "deployed_bytes": "deployed/bytes_on_disk",
}


def comparison(settings: Sequence[Setting]) -> dict[str, Any]:
    """Table and plans of settings with the same task, metric and data.

    Args:
        settings: At least one setting.

    Returns:
        Plain JSON types; a summary is `[mean, std or null, n]` or null.
    """
    first = settings[0].first
    telling, differing = telling_keys(settings), differing_keys(settings)
    scores = score_keys(settings)
    metric = first.primary_metric.rpartition("/")[2]
    runs = [run for setting in settings for run in setting.runs]
    owner = {id(run): i for i, setting in enumerate(settings) for run in setting.runs}
    return {
        "task": first.task,
        "metric": metric,
        "split": settings[0].split,
        "rows": settings[0].num_rows,
        "splits": [(split, data_behind(runs, split)) for split in first.splits],
        "higherIsBetter": not any(word in metric for word in LOWER_IS_BETTER),
        "scores": [
            {"metric": key.rpartition("/")[2], "split": split_of(first, key)}
            for key in scores
        ],
        "columns": [
            {"key": key, "label": label}
            for key, label in zip(telling, short_labels(telling), strict=True)
        ],
        "keys": differing,
        "common": common_pairs(settings),
        "settings": [_row(s, scores, telling, differing) for s in settings],
        "plans": _plans(runs, owner),
    }


def common_pairs(settings: Sequence[Setting]) -> list[tuple[str, str]]:
    """Every configuration key with one value in all settings, and that value."""
    differing = set(differing_keys(settings))
    keys = settings[0].settings
    return [(key, configured(settings[0], key)) for key in keys if key not in differing]


def score_keys(settings: Sequence[Setting]) -> list[str]:
    """The primary metric, then every other number measured on a test split."""
    keys = dict.fromkeys([settings[0].first.primary_metric])
    for setting in settings:
        for run in setting.runs:
            keys |= dict.fromkeys(
                key
                for key in run.metrics
                if key.startswith("test") and not key.endswith("/loss")
            )
    return list(keys)


def is_deployed(settings: Sequence[Setting]) -> bool:
    """Whether any of them was scored through a runtime."""
    return any("deployed/drop" in run.metrics for one in settings for run in one.runs)


def data_behind(runs: Sequence[Run], split: str) -> list[str]:
    """The different data that the runs used as one split, with the number of rows."""
    texts = dict.fromkeys((run.splits.get(split), run.rows.get(split)) for run in runs)
    return [
        f"{text} ({rows:,} rows)" if rows is not None else text
        for text, rows in texts
        if text
    ]


def configured(setting: Setting, key: str) -> str:
    """A configured value as the text to show; empty when the key is absent."""
    value = setting.settings.get(key, "")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    return text.rpartition(".")[2] if key.endswith(TARGET) else text


def _row(
    setting: Setting,
    scores: Sequence[str],
    telling: Sequence[str],
    differing: Sequence[str],
) -> dict[str, Any]:
    # What a run without a result would have been is what its configuration says.
    quantized = setting.is_quantized or not setting.runs
    return {
        "name": setting.name,
        "method": setting.first.method,
        "scores": [_summary(setting, key) for key in scores],
        "float": _summary(setting, f"float/{setting.first.primary_metric}"),
        "deployed": _summary(setting, f"deployed/{setting.first.primary_metric}"),
        **{
            name: _summary(setting, key)
            for name, key in (NUMBERS | DEPLOYED_NUMBERS).items()
        },
        "groups": setting.settings.get("quant.groups") if quantized else None,
        "activation": (
            setting.settings.get("quant.activation_bits") if quantized else None
        ),
        "quantized": setting.is_quantized,
        "values": [configured(setting, key) for key in telling],
        "differences": [configured(setting, key) for key in differing],
    }


def _summary(setting: Setting, key: str) -> tuple[float, float | None, int] | None:
    summary = setting.summary(key)
    return (summary.mean, summary.std, summary.n) if summary else None


def _plans(runs: Sequence[Run], owner: dict[int, int]) -> dict[str, Any]:
    plans = bit_plans(runs)
    blocks = in_order([block for plan in plans for block in plan.bits])
    return {
        "blocks": blocks,
        "labels": short_names(blocks),
        "rows": [
            {
                "bits": [plan.bits.get(block) for block in blocks],
                "mean": plan.mean,
                "runs": len(plan.runs),
                "methods": sorted({run.method for run in plan.runs}),
                "settings": sorted({owner[id(run)] for run in plan.runs}),
            }
            for plan in plans
        ],
    }
