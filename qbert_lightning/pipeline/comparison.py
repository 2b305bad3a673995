"""The table that ends a sweep, whichever launcher ran its jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

TABLE_WIDTH = 100  # a run's name and its numbers on one line, also in a log file


class SweepComparison(Callback):
    """A Hydra callback: when a sweep ends, prints its runs side by side."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Print the table of the runs in the sweep's folder."""
        # Imported late: Hydra makes its callbacks before every command.
        from rich.console import Console

        from qbert_lightning.pipeline.summary import print_comparison

        folder = Path(config.hydra.sweep.dir)
        console = Console(width=max(Console().width, TABLE_WIDTH))
        print_comparison(console, folder)
        console.print(f"page  {folder / 'report' / 'index.html'}", soft_wrap=True)
