"""Stage: the page that compares every run found below some folders."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from qbert_lightning.errors import USAGE, QbertError
from qbert_lightning.report import collect_runs, write_csv, write_latex, write_page

PAGE_NAME = "index.html"


def write_report(config: DictConfig) -> None:
    """Write the comparison page, and tables where asked for.

    Args:
        config: ``inputs``, ``page``, ``csv``, ``latex`` and ``title``.

    Raises:
        QbertError: If an input is no folder, or holds no run.
    """
    folders = [Path(folder) for folder in config.inputs]
    for folder in folders:
        if not folder.is_dir():
            raise QbertError(f"inputs={folder}: no such folder", USAGE)
    runs = collect_runs(folders)
    page = Path(config.page) if config.page else folders[0] / "report" / PAGE_NAME
    console = Console()
    console.print(f"page   {write_page(runs, page, config.title)}", soft_wrap=True)
    if config.csv:
        console.print(f"csv    {write_csv(runs, Path(config.csv))}", soft_wrap=True)
    if config.latex:
        console.print(f"latex  {write_latex(runs, Path(config.latex))}", soft_wrap=True)


def refresh_page(folder: Path, title: str) -> Path:
    """Rewrite the page of a folder of runs after one more of them has ended.

    Args:
        folder: The output folder, or a sweep's own.
        title: Shown above the page.
    """
    return write_page(collect_runs([folder]), folder / "report" / PAGE_NAME, title)
