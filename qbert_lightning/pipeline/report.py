"""Stage: the page that compares every run found below some folders."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig
from rich.console import Console

from qbert_lightning.errors import USAGE, QbertError
from qbert_lightning.report import (
    collect_runs,
    watch,
    write_csv,
    write_latex,
    write_markdown,
    write_page,
)

PAGE_NAME = "index.html"
TABLES = {"csv": write_csv, "latex": write_latex, "markdown": write_markdown}


def write_report(config: DictConfig) -> None:
    """Write the comparison page, and tables where asked for.

    Args:
        config: ``inputs``, ``page``, ``csv``, ``latex``, ``markdown``,
            ``published``, ``live``, ``interval_s`` and ``title``.

    Raises:
        QbertError: If an input is no folder.
    """
    folders = [Path(folder) for folder in config.inputs]
    for folder in folders:
        if not folder.is_dir():
            raise QbertError(f"inputs={folder}: no such folder", USAGE)
    page = Path(config.page) if config.page else folders[0] / "report" / PAGE_NAME
    console = Console()
    console.print(f"page     {page}", soft_wrap=True)
    if config.live:
        every = f"every {config.interval_s:g} s; Ctrl-C ends it"
        console.print(f"live     written again {every}", soft_wrap=True)
        runs = watch(folders, page, config.title, config.interval_s)
        console.print("live     ended: no run is running", soft_wrap=True)
    else:
        runs = collect_runs(folders)
        write_page(runs, page, config.title)
    for name, write in TABLES.items():
        if config[name] is not None:
            written = write(runs, Path(config[name]), published=config.published)
            console.print(f"{name:<8} {written}", soft_wrap=True)


def refresh_page(folder: Path, title: str) -> Path:
    """Rewrite the page of a folder of runs after one more of them has ended.

    Args:
        folder: The output folder, or a sweep's own.
        title: Shown above the page.
    """
    return write_page(collect_runs([folder]), folder / "report" / PAGE_NAME, title)
