"""A sweep on the terminal: one row for each job, finished or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from qbert_lightning.report import agreement_table, collect_runs
from qbert_lightning.sweeps.job_states import (
    FAILED,
    STOPPED,
    JobState,
    counts,
    job_states,
)
from qbert_lightning.tracking.run_record import RunRecord

MIN_WIDTH = 110  # a run's name and its numbers on one line, also in a log file
MAX_REASONS = 20
ENDED_BADLY = (FAILED, STOPPED)
NUMBERS = ("score %", "drop", "bits", "MiB", "ratio")


def print_sweep(folder: Path) -> list[JobState]:
    """Print a sweep's jobs side by side, and why some are not finished.

    Args:
        folder: The sweep's folder.

    Returns:
        The states of its jobs.
    """
    console = Console(width=max(Console().width, MIN_WIDTH))
    states = job_states(folder)
    _print_agreement(console, folder)
    _print_jobs(console, folder, states)
    for state in [state for state in states if state.state in ENDED_BADLY][
        :MAX_REASONS
    ]:
        reason = (state.record.error if state.record else None) or "its process is gone"
        line = f"{state.folder.name:>3} {state.state}: {reason}  {state.folder}"
        console.print(line, soft_wrap=True, highlight=False, markup=False)
    console.print(counts(states), soft_wrap=True, highlight=False)
    return states


def _print_jobs(console: Console, folder: Path, states: Sequence[JobState]) -> None:
    # Analyses have no scores to compare.
    scored = any(state.record and state.record.kind != "analyze" for state in states)
    table = Table(title=str(folder), title_justify="left")
    table.add_column("job", justify="right")
    table.add_column("run", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for name in NUMBERS if scored else ():
        table.add_column(name, justify="right")
    for state in states:
        numbers = _numbers(state.record) if scored else ()
        table.add_row(state.folder.name, state.name, state.state, *numbers)
    console.print(table)


def _numbers(record: RunRecord | None) -> Sequence[str]:
    if record is None:
        return [""] * len(NUMBERS)
    metrics = record.metrics
    return (
        _number(metrics.get(record.primary_metric), "{:.2f}", 100),
        _number(metrics.get("quant/drop"), "{:.2f}", 100),
        _number(metrics.get("quant/average_bits"), "{:.2f}"),
        _number(metrics.get("quant/bytes_on_disk"), "{:.2f}", 2**-20),
        _number(metrics.get("quant/compression"), "{:.1f}x"),
    )


def _print_agreement(console: Console, folder: Path) -> None:
    """Print how metrics rank the blocks, where a sweep has measured it too."""
    rows = agreement_table(collect_runs([folder]))
    if not rows:
        return
    title = "rank correlation with the measured rise of the loss"
    table = Table(title=title, title_justify="left")
    for name in ("sensitivity", "compared by"):
        table.add_column(name)
    for name in ("bits", "blocks", "Spearman", "Kendall"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            f"{row.metric} {row.detail}".strip(),
            row.quantity,
            str(row.bits or ""),
            str(row.num_blocks),
            f"{row.spearman.mean:.2f}",
            f"{row.kendall.mean:.2f}",
        )
    console.print(table)


def _number(value: float | None, form: str, factor: float = 1) -> str:
    return "" if value is None else form.format(value * factor)
