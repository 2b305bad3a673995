"""Rank correlations of sensitivities with the measured one, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from qbert_lightning.report.aggregate import Summary
from qbert_lightning.report.agreement_table import AgreementRow, agreement_table
from qbert_lightning.report.cell_text import cell_text
from qbert_lightning.report.run import Run

HEADER = (
    "| sensitivity | compared by | bits | blocks | Spearman ρ | Kendall τ |",
    "|---|---|---|---|---|---|",
)


def agreement_markdown(runs: Sequence[Run]) -> str:
    """One row for each metric and width; empty without a measurement to compare with.

    Args:
        runs: Runs of any status and kind.
    """
    tasks: dict[str, list[AgreementRow]] = {}
    for row in agreement_table(runs):
        tasks.setdefault(row.task, []).append(row)
    lines = []
    for task, rows in tasks.items():
        title = (
            f"rank correlation with the measured rise of the loss, {cell_text(task)}"
        )
        lines += [title, "", *HEADER, *map(_row, rows), ""]
    return "\n".join(lines)


def _row(row: AgreementRow) -> str:
    metric = f"{row.metric} ({row.detail})" if row.detail else row.metric
    cells = (
        cell_text(metric),
        row.quantity,
        "" if row.bits is None else str(row.bits),
        str(row.num_blocks),
        _correlation(row.spearman),
        _correlation(row.kendall),
    )
    return f"| {' | '.join(cells)} |"


def _correlation(summary: Summary) -> str:
    """Mean, spread and number of values, as far as there are several.

    >>> _correlation(Summary(0.5, 0.25, 3))
    '0.50 ± 0.25 (3)'
    """
    spread = "" if summary.std is None else f" ± {summary.std:.2f} ({summary.n})"
    return f"{summary.mean:.2f}{spread}"
