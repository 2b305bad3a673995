"""`metrics.jsonl`: one JSON object a line, one line a logged row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from qbert_lightning.tracking.json_values import from_text, to_text

FILE_NAME = "metrics.jsonl"


class MetricsFile:
    """Appends rows to `metrics.jsonl`.

    A row has left the process when `append` returns, so a killed run keeps its rows.

    Args:
        folder: Where the file goes; made with the first row.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._stream: IO[str] | None = None

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one row of plain values."""
        if self._stream is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._path.open("a", encoding="utf-8")
        self._stream.write(to_text(row) + "\n")
        self._stream.flush()

    def replace(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Hold these rows instead of whatever was written."""
        self.close()
        self._path.unlink(missing_ok=True)
        for row in rows:
            self.append(row)

    def close(self) -> None:
        """Close the file; the next row opens it again."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def read_metrics(folder: Path) -> list[dict[str, Any]]:
    """The rows of `metrics.jsonl` in `folder`, none if there is no such file.

    A last line without its end, left by a killed run, is dropped.

    Args:
        folder: A run's folder.

    Returns:
        The rows in the order they were logged.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")
    return [from_text(line) for line in lines[:-1]]
