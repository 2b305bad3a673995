"""Commands whose time is all start-up, beside the imports they must do without."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qbert_lightning.errors import FAILED, QbertError


@dataclass(frozen=True)
class StartupCommand:
    """A command line of Python.

    Attributes:
        arguments: Of the interpreter.
        code: The exit code it must end with.
    """

    arguments: tuple[str, ...]
    code: int = 0

    def seconds(self, folder: Path) -> dict[str, float]:
        """Run it in a folder.

        Returns:
            ``wall_s`` and ``cpu_s``.

        Raises:
            QbertError: If it ends with another code.
        """
        begin = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *self.arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != self.code:
            raise QbertError(
                f"{' '.join(self.arguments)}: exit code {process.returncode}: "
                f"accepted {self.code}",
                FAILED,
            )
        return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime}


def _qbert(*arguments: str, code: int = 0) -> StartupCommand:
    return StartupCommand(("-m", "qbert_lightning", *arguments), code)


YARDSTICK = "import torch"
RUNS = "runs"  # a folder of runs below the one where commands are run
COMMANDS: Mapping[str, StartupCommand] = {
    YARDSTICK: StartupCommand(("-c", "import torch")),
    "import pytorch_lightning": StartupCommand(("-c", "import pytorch_lightning")),
    "import qbert_lightning": StartupCommand(("-c", "import qbert_lightning")),
    "qbert --help": _qbert("--help"),
    "qbert status": _qbert("status", RUNS, code=1),  # made-up runs are not finished
    "qbert run --cfg job": _qbert("run", "--cfg", "job"),
    "qbert run, refused": _qbert("run", "quant.weight_bitz=3", code=2),
}
