"""A contestant's process, seen from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qbert_lightning.benchmarks.asked_process import AskedProcess
from qbert_lightning.benchmarks.contestant import Contestant, Place
from qbert_lightning.benchmarks.described import described
from qbert_lightning.errors import QbertError
from qbert_lightning.tracking.json_values import to_text

LOG_FILE = "log.txt"


class ContestantProcess(AskedProcess):
    """Runs `inference_worker` within a ``with``; one for preparing, one for answering.

    Args:
        contestant: Who answers.
        place: Where its files are.
        batches: File of what it is asked, by `save_series`.
    """

    def __init__(self, contestant: Contestant, place: Place, batches: Path) -> None:
        told = {
            "contestant": described(contestant),
            "model": str(place.model.resolve()),
            "folder": str(place.folder.resolve()),
            "num_threads": place.num_threads,
            "batches": str(batches.resolve()),
        }
        super().__init__(
            "qbert_lightning.benchmarks.inference_worker",
            [to_text(told)],
            place.num_threads,
            place.folder / LOG_FILE,
        )

    def ask(self, task: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]
        """The same; a process that is gone is an ``error`` too."""
        try:
            return super().ask(task)
        except QbertError as error:
            return {"error": str(error), "code": error.code}
