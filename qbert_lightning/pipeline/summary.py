"""What a run came to, as a short table on the terminal."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

from rich.console import Console
from rich.table import Table

from qbert_lightning.plan import SensitivityTable
from qbert_lightning.tracking import RunRecord


def print_summary(console: Console, record: RunRecord, page: Path | None) -> None:
    """Print scores, bits, bytes and where the page is.

    Args:
        console: Where to.
        record: Of a finished run; what it does not have is left out.
        page: The comparison page, if one was written.
    """
    metrics, key = record.metrics, record.primary_metric
    table = Table(title=record.name, title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    rows = [
        (f"float {key}", _percent(metrics.get(f"float/{key}"))),
        (f"quantized {key}", _percent(metrics.get(key))),
        ("drop (points)", _number(metrics.get("quant/drop"), "{:.2f}", 100)),
        (f"deployed {key}", _percent(metrics.get(f"deployed/{key}"))),
        ("lost by deploying", _number(metrics.get("deployed/drop"), "{:.2f}", 100)),
        ("average encoder bits", _number(metrics.get("quant/average_bits"), "{:.2f}")),
        ("bytes on disk", _number(metrics.get("quant/bytes_on_disk"), "{:,.0f}")),
        ("deployed bytes", _number(metrics.get("deployed/bytes_on_disk"), "{:,.0f}")),
        ("compression", _number(metrics.get("quant/compression"), "{:.2f} x")),
    ]
    for name, value in rows:
        if value is not None:
            table.add_row(name, value)
    console.print(table)
    if record.kind == "analyze":
        _print_sensitivity(console, record)
    console.print(f"scores are on {record.splits.get('test')}", soft_wrap=True)
    if page is not None:
        console.print(f"page  {page}", soft_wrap=True)


def _print_sensitivity(console: Console, record: RunRecord) -> None:
    """Print what the analysis found: one row for each block."""
    found = SensitivityTable.from_dict(record.sensitivity or {})
    widths = sorted({bits for row in found.scores.values() for bits in row})
    table = Table(title=f"{found.metric} by block", title_justify="left")
    table.add_column("block", no_wrap=True)
    names = ["importance", "mean", "std", *(f"score at {bits} bits" for bits in widths)]
    for name in names:
        table.add_column(name, justify="right")
    for block, importance in found.importance.items():
        samples, scores = found.samples.get(block), found.scores.get(block, {})
        values = (
            importance,
            fmean(samples) if samples else None,
            pstdev(samples) if samples else None,
            *(scores.get(bits) for bits in widths),
        )
        table.add_row(block, *(_number(value, "{:.4g}") or "" for value in values))
    console.print(table)


def _percent(value: Any) -> str | None:
    return _number(value, "{:.2f} %", 100)


def _number(value: Any, form: str, factor: float = 1) -> str | None:
    return None if value is None else form.format(value * factor)
