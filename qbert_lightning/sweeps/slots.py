"""The shares of this machine that jobs run in, side by side."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.schema import Launcher

DRIVER = Path("/proc/driver/nvidia/gpus")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Slot:
    """A share of the machine, for one job at a time.

    Attributes:
        number: Counted from 0.
        threads: CPU threads; None leaves the choice to the libraries.
        gpus: Names of its GPUs, as CUDA_VISIBLE_DEVICES wants them; None leaves all.
    """

    number: int
    threads: int | None = None
    gpus: tuple[str, ...] | None = None

    def environment(self) -> dict[str, str]:
        """Variables that hold a process to the share."""
        values = {}
        if self.threads is not None:
            values = dict.fromkeys(THREAD_VARIABLES, str(self.threads))
        if self.gpus is not None:
            values["CUDA_VISIBLE_DEVICES"] = ",".join(self.gpus)
        return values


def make_slots(settings: Launcher, gpus_of_a_job: int) -> list[Slot]:
    """Divide this machine.

    Args:
        settings: How many slots are wanted, and how large.
        gpus_of_a_job: GPUs that a job's trainer asks for; 0 if it computes on the CPU.

    Raises:
        QbertError: (code 3) if there are not GPUs enough.
    """
    wanted = settings.gpus_per_job or gpus_of_a_job
    gpus = visible_gpus()
    if not wanted:
        count = settings.slots or 1
        return [Slot(index, _threads(settings, count)) for index in range(count)]
    count = settings.slots or max(1, len(gpus) // wanted)
    if count * wanted > len(gpus):
        raise QbertError(
            f"hydra.launcher: {count} jobs at once with {wanted} GPUs each: this "
            f"machine shows {len(gpus)}",
            code=3,
        )
    shares = [tuple(gpus[i * wanted : (i + 1) * wanted]) for i in range(count)]
    threads = _threads(settings, count)
    return [Slot(index, threads, share) for index, share in enumerate(shares)]


def visible_gpus() -> list[str]:
    """Names of the GPUs this process may use, found without starting CUDA.

    A process that has started CUDA cannot be forked.
    """
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip()]
    count = len(list(DRIVER.iterdir())) if DRIVER.is_dir() else 0
    return [str(index) for index in range(count)]


def _threads(settings: Launcher, num_slots: int) -> int | None:
    """Threads of a job; a single slot has what a run of its own would have."""
    if settings.threads is not None or num_slots == 1:
        return settings.threads
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return max(1, cores // num_slots)
