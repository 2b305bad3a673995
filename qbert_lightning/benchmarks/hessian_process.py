"""The referee's process, seen from outside."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.benchmarks.asked_process import AskedProcess


class RefereeProcess(AskedProcess):
    """Runs `hessian_referee` on a model and batches within a ``with``.

    Args:
        model: A folder in Hugging Face layout.
        batches: Written by `save_batches`.
        num_threads: Threads of each contestant.
    """

    def __init__(self, model: Path, batches: Path, num_threads: int) -> None:
        super().__init__(
            "qbert_lightning.benchmarks.hessian_referee",
            [str(model), str(batches), str(num_threads)],
            num_threads,
        )
