"""The referee's process, seen from outside: ask, and get the answer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.tracking.json_values import from_text, to_text


class RefereeProcess:
    """Runs `hessian_referee` on a model and batches within a ``with``.

    Args:
        model: A folder in Hugging Face layout.
        batches: Written by `save_batches`.
        num_threads: Threads of each contestant.
    """

    def __init__(self, model: Path, batches: Path, num_threads: int) -> None:
        self._arguments = [str(model), str(batches), str(num_threads)]
        self._environment = {**os.environ, "OMP_NUM_THREADS": str(num_threads)}

    def __enter__(self) -> Self:
        module = "qbert_lightning.benchmarks.hessian_referee"
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._process.terminate()
        self._process.communicate()

    def ask(self, task: Mapping[str, Any]) -> dict[str, Any]:
        """Have a task done.

        Args:
            task: See `hessian_referee.carry_out`.

        Returns:
            What it found and what it took, or ``error``.

        Raises:
            QbertError: (code 1) when the referee itself is gone.
        """
        line = ""
        if self._process.poll() is None:
            self._process.stdin.write(f"{to_text(task)}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            raise QbertError(
                f"bench: the measuring process ended with code {self._process.wait()}",
                FAILED,
            )
        answer: dict[str, Any] = from_text(line)
        return answer
