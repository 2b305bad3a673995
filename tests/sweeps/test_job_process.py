from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from qbert_lightning.sweeps.job_process import LOG_FILE, CommandJob
from qbert_lightning.sweeps.slots import Slot

BUSY = (
    "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: 0"
)


def wait(job: CommandJob) -> int:
    deadline = time.monotonic() + 60
    while (code := job.poll()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return code


def test_a_command_prints_to_its_own_file(tmp_path: Path) -> None:
    job = CommandJob(["--version"], tmp_path / "3", Slot(0))
    assert wait(job) == 0
    assert (tmp_path / "3" / LOG_FILE).read_text().startswith("qbert ")


def test_an_ending_by_a_signal_is_seen(tmp_path: Path) -> None:
    job = CommandJob(["run"], tmp_path / "3", Slot(0, threads=1))
    os.kill(job.pid, signal.SIGKILL)
    assert wait(job) == -signal.SIGKILL
    assert job.ticks() is None
    job.kill()  # nothing is left to kill, and that is fine


def test_ticks_grow_with_work(tmp_path: Path) -> None:
    job = CommandJob(["--version"], tmp_path / "3", Slot(0))
    wait(job)
    worker = subprocess.Popen([sys.executable, "-c", BUSY])
    job.pid = worker.pid
    first = job.ticks()
    time.sleep(0.3)
    second = job.ticks()
    worker.kill()
    worker.communicate()
    assert first is not None
    assert second is not None
    assert second > first
