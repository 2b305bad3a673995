"""A process that does one task after the other, seen from outside: ask, get the answer.

The process is started afresh, never forked: a copy of a process whose threads have
computed cannot compute.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.tracking.json_values import from_text, to_text


class AskedProcess:
    """Runs a module of ours that calls `serve`, within a ``with``.

    Args:
        module: Its full name.
        arguments: Of its command line.
        num_threads: Threads it computes with.
        log: File for what it and its libraries print; None leaves it on the terminal.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        num_threads: int,
        log: Path | None = None,
    ) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._environment = {**os.environ, "OMP_NUM_THREADS": str(num_threads)}
        self._log = log

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            log = stack.enter_context(self._log.open("ab")) if self._log else None
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
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
            task: Plain values.

        Returns:
            What it answered, or ``error``.

        Raises:
            QbertError: (code 1) when the process itself is gone.
        """
        line = ""
        if self._process.poll() is None:
            with suppress(BrokenPipeError):  # it ended just now: no answer comes
                self._process.stdin.write(f"{to_text(task)}\n")
                self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line:
            where = f", see {self._log}" if self._log else ""
            raise QbertError(
                f"bench: the measuring process ended with code {self._process.wait()}"
                f"{where}",
                FAILED,
            )
        answer: dict[str, Any] = from_text(line)
        return answer
