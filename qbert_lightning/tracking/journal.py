"""Rows that outlive a crash: what a long stage has finished so far."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from qbert_lightning.tracking.durable import sync_folder
from qbert_lightning.tracking.json_values import from_text, to_text


class Journal:
    """A file of JSON rows, each on disk before the next one is begun.

    >>> import tempfile
    >>> journal = Journal(Path(tempfile.mkdtemp()) / "analysis.jsonl")
    >>> journal.append({"block": "layer.0", "value": 1.5})
    >>> journal.rows()
    [{'block': 'layer.0', 'value': 1.5}]

    Args:
        path: The file; it and its folder are made with the first row.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> list[dict[str, Any]]:
        """All whole rows; one that a crash cut off ends them and is forgotten."""
        if not self.path.is_file():
            return []
        rows = []
        length = 0
        for line in self.path.read_bytes().splitlines(keepends=True):
            try:
                row = from_text(line.decode("utf-8"))
            except ValueError:
                break
            if not (line.endswith(b"\n") and isinstance(row, dict)):
                break
            rows.append(row)
            length += len(line)
        os.truncate(self.path, length)  # so that the next row does not join a torn one
        return rows

    def append(self, row: dict[str, Any]) -> None:
        """Add a row; when this returns, it is on disk."""
        is_new = not self.path.exists()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as stream:
            stream.write(f"{to_text(row)}\n".encode())
            stream.flush()
            os.fsync(stream.fileno())
        if is_new:
            sync_folder(self.path.parent)

    def remove(self) -> None:
        """Forget everything: the stage is finished."""
        self.path.unlink(missing_ok=True)
