"""`retries.json`: why a job was begun again with other values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qbert_lightning.tracking.durable import write_text
from qbert_lightning.tracking.json_values import from_text, to_text

RETRIES_FILE = "retries.json"


def read_retries(folder: Path) -> list[dict[str, Any]]:
    """Why a job was tried again (`reason`) and with what (`overrides`), oldest first.

    Args:
        folder: The job's folder.
    """
    path = folder / RETRIES_FILE
    if not path.is_file():
        return []
    rows: list[dict[str, Any]] = from_text(path.read_text(encoding="utf-8"))
    return rows


def add_retry(folder: Path, reason: str, overrides: list[str]) -> None:
    """Note that a job is about to be tried again, for its record and for a resume."""
    rows = [*read_retries(folder), {"reason": reason, "overrides": overrides}]
    write_text(folder / RETRIES_FILE, to_text(rows, indent=1) + "\n")
