"""The logger of every trainer: rows go to `metrics.jsonl` and on to a tracker."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities import rank_zero_only

from qbert_lightning.tracking.json_values import decode, encode
from qbert_lightning.tracking.metrics_file import MetricsFile, read_metrics

_POSITION = ("step", "epoch")


class Tracker(Protocol):
    """What rows are forwarded to."""

    def log(self, row: Mapping[str, Any]) -> None:
        """Take one row: `step`, maybe `epoch`, and the logged values."""


class MetricsLog(Logger):
    """Appends what is logged to `metrics.jsonl` and remembers each key's last value.

    A row is `{"step": int, "epoch": int, "<key>": value, ...}`.

    Args:
        folder: Where the file goes.
        tracker: Gets every row too, if there is one.

    Attributes:
        summary: Key → last value logged under it.
    """

    def __init__(self, folder: Path | str, tracker: Tracker | None = None) -> None:
        super().__init__()
        self._folder = Path(folder)
        self._file = MetricsFile(self._folder)
        self._tracker = tracker
        self._step = 0
        self.summary: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """Name of the logger."""
        return "metrics"

    @property
    def version(self) -> str:
        """Empty: the folder already tells one run from another."""
        return ""

    @property
    def save_dir(self) -> str:
        """The folder of the file."""
        return str(self._folder)

    @rank_zero_only
    def log_hyperparams(
        self, params: dict[str, Any] | Namespace, *args: Any, **kwargs: Any
    ) -> None:
        """Do nothing: the configuration is in `run.json`."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Append one row.

        Args:
            metrics: Key → number; `epoch` among them if known.
            step: The trainer's step; None repeats the last one.
        """
        self._step = self._step if step is None else step
        values = {key: decode(encode(value)) for key, value in metrics.items()}
        row = {"step": self._step, **values}
        self._file.append(row)
        self._summarize(row)
        if self._tracker is not None:
            self._tracker.log(row)

    def rows(self) -> list[dict[str, Any]]:
        """All rows of the file."""
        return read_metrics(self._folder)

    @rank_zero_only
    def replace(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Go on from the rows of a run that was stopped.

        Args:
            rows: What the file holds from now on; the tracker gets those that it has
                not had from this log.
        """
        known = self.rows()
        self._file.replace(rows)
        self.summary = {}
        for row in rows:
            self._step = row["step"]
            self._summarize(row)
            if self._tracker is not None and row not in known:
                self._tracker.log(row)

    def _summarize(self, row: Mapping[str, Any]) -> None:
        self.summary.update(
            (key, value) for key, value in row.items() if key not in _POSITION
        )

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Close the file; the next row opens it again."""
        self._file.close()
