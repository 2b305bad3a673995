"""A sweep of whole runs that take a second each, as a command of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# Real stages on a real (if very small) model: nothing is left out of the loop.
TINY = (
    "task=synthetic",
    "method=qbert",
    "model.num_hidden_layers=2",
    "model.hidden_size=32",
    "model.num_attention_heads=2",
    "model.intermediate_size=64",
    "task.data.num_train=640",
    "task.data.num_validation=64",
    "task.data.num_test=96",
    "finetune.max_epochs=1",
    "quantize.max_epochs=1",
    "quant.groups=4",
    "trainer.log_every_n_steps=5",
    "logger.wandb.mode=disabled",
)


def tiny_sweep(
    folder: Path, overrides: Sequence[str], num_threads: int
) -> subprocess.Popen[bytes]:
    """Start a sweep of tiny runs in a session of its own.

    Args:
        folder: Where it runs; its output goes to ``sweep.log`` there.
        overrides: What is swept, and by which launcher.
        num_threads: CPU threads of the process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sweep.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "qbert_lightning", "run", "-m", *TINY, *overrides],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": str(num_threads)},
        )


def tail(folder: Path, length: int = 300) -> str:
    """The end of what a sweep printed, on one line."""
    text = (folder / "sweep.log").read_text(encoding="utf-8", errors="replace")
    return " ".join(text[-length:].split())
