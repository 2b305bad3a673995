"""Starts the command line of `stand_in` in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from qbert_lightning.tracking import RunRecord
from tests.sweeps import stand_in

ROOT = Path(__file__).resolve().parents[2]


def start(
    folder: Path, *arguments: str, program: Sequence[str] = (str(stand_in.__file__),)
) -> subprocess.Popen[str]:
    """A process of the command line, in a session of its own.

    Args:
        folder: Its working folder.
        arguments: What follows ``qbert``.
        program: What Python runs.
    """
    return subprocess.Popen(
        [sys.executable, *program, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background jobs, and so whole test runs, may ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def run(folder: Path, *arguments: str, code: int = 0) -> tuple[str, str]:
    """Run to the end, and check the exit code.

    Returns:
        What was printed: output and errors.
    """
    process = start(folder, *arguments)
    output, error = process.communicate(timeout=120)
    assert process.returncode == code, f"{output}\n{error}"
    assert "Traceback" not in error
    return output, error


def sweep_folder(folder: Path) -> Path:
    """The only sweep below a folder."""
    (sweep,) = (folder / "outputs" / "sweeps").iterdir()
    return sweep


def records(folder: Path) -> dict[str, RunRecord]:
    """The records of the only sweep, by job number."""
    paths = sorted(sweep_folder(folder).glob("*/run.json"))
    return {path.parent.name: RunRecord.read(path.parent) for path in paths}


def log(folder: Path) -> list[list[str]]:
    """What the jobs noted: ``begin`` or ``end``, way, seed and more."""
    path = folder / "log.txt"
    if not path.is_file():
        return []
    return [line.split() for line in path.read_text().splitlines()]
