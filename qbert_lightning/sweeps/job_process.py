"""The process of one job: forked from this one, or a command of its own."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from hydra.core.utils import JobStatus, run_job
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from qbert_lightning.stop_signals import StopSignals
from qbert_lightning.sweeps.slots import Slot

LOG_FILE = "output.log"
INTERRUPTED = 130
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)


class JobProcess(ABC):
    """A running job, in a process group of its own.

    Attributes:
        pid: Of its main process.
    """

    pid: int

    @abstractmethod
    def poll(self) -> int | None:
        """Exit code; negative for the signal that ended it; None while it runs."""

    def ask_to_end(self, number: int = signal.SIGTERM) -> None:
        """Let the job save what it has and end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End the job and all processes it has started, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def ticks(self) -> int | None:
        """Clock ticks that its main thread has computed; None where not known."""
        path = Path(f"/proc/{self.pid}/task/{self.pid}/stat")
        try:
            fields = path.read_text(encoding="ascii").rpartition(")")[2].split()
        except (OSError, ValueError):
            return None
        return int(fields[11]) + int(fields[12])  # user and system time


class ForkedJob(JobProcess):
    """A job that shares the imports of this process.

    This process must not have computed: threads do not survive a fork, and a pool of
    them that is believed to be there is waited for forever.

    Args:
        context: Hydra's.
        task_function: What Hydra calls in the job.
        config: The job's configuration with its `hydra` node.
        folder: The job's folder, which gets what it prints.
        slot: Its share of the machine.
        signals: What notes signals in this process; the job obeys them at once.
    """

    def __init__(
        self,
        context: HydraContext,
        task_function: TaskFunction,
        config: DictConfig,
        folder: Path,
        slot: Slot,
        signals: StopSignals,
    ) -> None:
        fork = multiprocessing.get_context("fork")
        arguments = (context, task_function, config, folder, slot, signals, os.getpid())
        self._process = fork.Process(target=_run_forked, args=arguments)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        _lead_group(self.pid)

    def poll(self) -> int | None:
        """See `JobProcess`."""
        return self._process.exitcode


class CommandJob(JobProcess):
    """A job that is a single run of its own, with the imports of its own.

    On several devices its ranks repeat this command, and not the whole sweep.

    Args:
        arguments: What follows ``qbert``.
        folder: The job's folder, which gets what it prints.
        slot: Its share of the machine.
    """

    def __init__(self, arguments: Sequence[str], folder: Path, slot: Slot) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOG_FILE).open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "qbert_lightning", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **slot.environment()},
                process_group=0,
                preexec_fn=_end_with_parent(os.getpid()),
            )
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """See `JobProcess`."""
        return self._process.poll()


def _run_forked(
    context: HydraContext,
    task_function: TaskFunction,
    config: DictConfig,
    folder: Path,
    slot: Slot,
    signals: StopSignals,
    parent: int,
) -> None:
    """What a forked job does; its exit code says how it ended."""
    _lead_group(0)
    _end_with_parent(parent)()
    _print_to(folder)
    _hold_to(slot)
    try:
        signals.restore()
        signals.obey()  # what came since the fork
        ended = run_job(
            hydra_context=context,
            task_function=task_function,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(0 if ended.status == JobStatus.COMPLETED else 1)


def _lead_group(pid: int) -> None:
    """Make a process the leader of a group; both sides try, whoever comes first."""
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)


def _end_with_parent(parent: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """A function that makes the calling process end when the sweep's process does."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it died before it could be asked for
            os.kill(os.getpid(), signal.SIGKILL)

    return ask


def _print_to(folder: Path) -> None:
    """Send what this process prints to its own file."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOG_FILE).open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _hold_to(slot: Slot) -> None:
    """Keep to the slot's share: later processes by variables, this one by torch."""
    os.environ.update(slot.environment())
    if slot.threads is not None:
        import torch

        torch.set_num_threads(slot.threads)
