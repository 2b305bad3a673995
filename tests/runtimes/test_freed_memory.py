"""What was freed does not stay with the process."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

# Many small blocks below one that stays: freed, they lie within the heap.
PROGRAM = """
from pathlib import Path
from qbert_lightning.runtimes.freed_memory import give_back_freed_memory

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

blocks = [bytes(60_000) for _ in range(1_000)]
del blocks[:-1]
before = resident()
give_back_freed_memory()
print(before - resident())
"""


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="needs glibc's malloc"
)
def test_freed_memory_leaves_the_process() -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) > 30e6
