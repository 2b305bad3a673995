"""Compare runs: collect their records, aggregate over seeds, write page and tables."""

from __future__ import annotations

from qbert_lightning.report.aggregate import Setting, Summary, aggregate
from qbert_lightning.report.agreement_table import AgreementRow, agreement_table
from qbert_lightning.report.collect import collect_runs
from qbert_lightning.report.markdown import markdown_table, write_markdown
from qbert_lightning.report.page import write_page
from qbert_lightning.report.run import KINDS, Run
from qbert_lightning.report.table import write_csv, write_latex
from qbert_lightning.report.watch import watch

__all__ = [
    "KINDS",
    "AgreementRow",
    "Run",
    "Setting",
    "Summary",
    "aggregate",
    "agreement_table",
    "collect_runs",
    "markdown_table",
    "watch",
    "write_csv",
    "write_latex",
    "write_markdown",
    "write_page",
]
