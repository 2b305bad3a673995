"""Runs the jobs of a sweep side by side on this machine, whatever happens to each."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from qbert_lightning.override_text import quoted
from qbert_lightning.pipeline.finished import finished_record, objectives_of
from qbert_lightning.pipeline.own_folder import own_folder_of
from qbert_lightning.pipeline.schema import Launcher
from qbert_lightning.stop_signals import StopSignals
from qbert_lightning.sweeps.echo import Echo
from qbert_lightning.sweeps.ending import failed_record, forget, words_for
from qbert_lightning.sweeps.job import Job, compose_job, gpus_of, runs_in_one_process
from qbert_lightning.sweeps.job_process import (
    LOG_FILE,
    CommandJob,
    ForkedJob,
    JobProcess,
)
from qbert_lightning.sweeps.memory import halved, is_out_of_memory, kills_for_memory
from qbert_lightning.sweeps.preload import can_fork, preload
from qbert_lightning.sweeps.slots import Slot, make_slots
from qbert_lightning.sweeps.sweep_record import SWEEP_FILE, SweepRecord
from qbert_lightning.sweeps.watch import Watch
from qbert_lightning.tracking.retries import add_retry, read_retries

POLL_SECONDS = 0.05
SECONDS_TO_END = 60.0  # for a last checkpoint, before a job is killed


@dataclass
class _Running:
    """A job at work in a slot."""

    job: Job
    slot: Slot
    process: JobProcess
    echo: Echo
    watch: Watch
    kills: int
    began: float = field(default_factory=time.monotonic)
    complaint: str | None = None
    asked_to_end: float | None = None


class LocalLauncher:
    """The scheduler: starts jobs in free slots and settles those that have ended.

    Args:
        settings: See `Launcher`.
        context: Hydra's.
        task_function: What Hydra calls in each job.
        config: The sweep's own configuration.
    """

    def __init__(
        self,
        settings: Launcher,
        context: HydraContext,
        task_function: TaskFunction,
        config: DictConfig,
    ) -> None:
        self.settings = settings
        self.context = context
        self.task_function = task_function
        self.config = config
        self.verb = str(config.hydra.job.config_name)
        self.returns: dict[int, JobReturn] = {}
        self._common: set[str] = set()
        self._running: list[_Running] = []
        self._has_failed = False
        self._signals = StopSignals()

    def run(self, jobs: Sequence[tuple[int, list[str]]]) -> list[JobReturn]:
        """Run jobs, and return when all have ended.

        Args:
            jobs: Number and overrides of each.

        Returns:
            One result for each job, in order. The value of a job that did not finish is
            None: its record says why, and the command that runs the sweep reads it.
        """
        self._common = set.intersection(*(set(asked) for _, asked in jobs))
        waiting = deque(self._unfinished(jobs))
        slots: list[Slot] = []
        if waiting:
            preload()
            slots = make_slots(
                self.settings, max(gpus_of(job.plain()) for job in waiting)
            )
            self._say(f"{len(waiting)} of {len(jobs)} jobs to run, {_at_once(slots)}")
        self._signals.install()
        try:
            self._work(waiting, slots)
        except KeyboardInterrupt:
            self._end_all(signal.SIGINT)
            raise
        except BaseException:
            self._end_all(signal.SIGTERM)
            raise
        finally:
            self._signals.restore()
        return [
            self.returns.get(number) or _completed(asked, None)
            for number, asked in jobs
        ]

    def _work(self, waiting: deque[Job], slots: Sequence[Slot]) -> None:
        """Start jobs and settle them until none is left, or a signal asks to end.

        Signals wait until the jobs that run are all known: one that is obeyed while a
        job is started would leave it behind.
        """
        while waiting or self._running:
            busy = {one.slot for one in self._running}
            for slot in [slot for slot in slots if slot not in busy]:
                if waiting and not self._stops():
                    self._running.append(self._start(waiting.popleft(), slot))
            if waiting and self._stops() and not self._running:
                break
            time.sleep(POLL_SECONDS)
            for one in list(self._running):
                self._look_at(one, waiting)
            self._signals.obey()

    def _unfinished(self, jobs: Sequence[tuple[int, list[str]]]) -> list[Job]:
        """The jobs that have no finished record; results of the others are entered."""
        unfinished = []
        for number, overrides in jobs:
            job = compose_job(self.context, self.config, number, overrides)
            record = finished_record(job.folder, job.config)
            if record is None:
                unfinished.append(job)
            else:
                self.returns[number] = _completed(overrides, objectives_of(record))
        return unfinished

    def _stops(self) -> bool:
        return self._has_failed and self.settings.on_error == "stop"

    def _start(self, job: Job, slot: Slot) -> _Running:
        job.folder.mkdir(parents=True, exist_ok=True)
        forget(job.folder)
        echo = Echo(job.folder / LOG_FILE, f"{job.number:>3} | ")
        told = [one for one in job.overrides if one not in self._common]
        self._say(f"{job.number:>3} + {' '.join(told) or 'as asked for'}")
        return _Running(
            job,
            slot,
            self._process(job, slot),
            echo,
            Watch(self.settings),
            kills_for_memory(),
        )

    def _process(self, job: Job, slot: Slot) -> JobProcess:
        wants_fork = self.settings.start == "fork" or (
            self.settings.start == "auto" and runs_in_one_process(job.plain())
        )
        if wants_fork and can_fork():
            return ForkedJob(
                self.context,
                self.task_function,
                job.composed,
                job.folder,
                slot,
                self._signals,
            )
        own = own_folder_of(self.config.hydra)
        option = [f"--config-dir={own}"] if own else []
        arguments = [self.verb, *option, *job.overrides]
        arguments.append(f"hydra.run.dir={quoted(job.folder)}")
        return CommandJob(arguments, job.folder, slot)

    def _look_at(self, one: _Running, waiting: deque[Job]) -> None:
        """Show what a job has printed, end it if it must be, settle it if it is."""
        one.echo.show()
        code = one.process.poll()
        if code is None:
            self._guard(one)
            return
        one.process.kill()  # what it started and left behind
        one.echo.show(is_last=True)
        self._running.remove(one)
        self._settle(one, code, waiting)

    def _guard(self, one: _Running) -> None:
        """End a job that takes too long, at first politely."""
        now = time.monotonic()
        if one.complaint is None:
            one.complaint = one.watch.complaint(one.process.ticks())
            if one.complaint is not None:
                one.asked_to_end = now
                one.process.ask_to_end()
        elif now - (one.asked_to_end or now) > SECONDS_TO_END:
            one.process.kill()

    def _settle(self, one: _Running, code: int, waiting: deque[Job]) -> None:
        """Enter how a job ended; put it back in the queue if memory was short."""
        job, seconds = one.job, time.monotonic() - one.began
        if code == 0:
            record = finished_record(job.folder, job.config)
            value = objectives_of(record) if record else None
            self.returns[job.number] = _completed(job.overrides, value)
            name = record.name if record else ""
            self._say(f"{job.number:>3} = finished in {seconds:.0f} s  {name}")
            return
        words = words_for(code, kills_for_memory() > one.kills)
        error = failed_record(job, self.verb, words, one.complaint).error
        if is_out_of_memory(error) and self._try_again(job, error or words, waiting):
            return
        self._has_failed = True
        self._say(f"{job.number:>3} ! failed after {seconds:.0f} s: {error}")

    def _try_again(self, job: Job, error: str, waiting: deque[Job]) -> bool:
        """Queue the job with half its batch, unless that has been tried enough."""
        overrides = halved(job.plain())
        tried = len(read_retries(job.folder))
        if overrides is None or tried >= self.settings.memory_retries:
            return False
        reason = f"{error}: again with {' '.join(overrides)}"
        add_retry(job.folder, reason, overrides)
        self._say(f"{job.number:>3} ~ {reason}")
        waiting.appendleft(
            compose_job(self.context, self.config, job.number, job.asked)
        )
        return True

    def _end_all(self, number: int) -> None:
        """End every job: politely, and at once if that is asked for again."""
        give_up = time.monotonic() + SECONDS_TO_END
        with contextlib.suppress(KeyboardInterrupt, SystemExit):
            for one in self._running:
                one.process.ask_to_end(number)
            while any(one.process.poll() is None for one in self._running):
                if time.monotonic() > give_up:
                    break
                time.sleep(POLL_SECONDS)
        for one in self._running:
            one.process.kill()
            one.echo.show(is_last=True)

    def _say(self, line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def launch_jobs(
    settings: Launcher,
    context: HydraContext,
    task_function: TaskFunction,
    config: DictConfig,
    job_overrides: Sequence[Sequence[str]],
    initial_job_idx: int,
) -> list[JobReturn]:
    """Hydra's `Launcher.launch`: note the jobs in `sweep.json`, then run them.

    Args:
        settings: See `Launcher`.
        context: Hydra's.
        task_function: What Hydra calls in each job.
        config: The sweep's own configuration.
        job_overrides: Overrides of each job.
        initial_job_idx: Number of the first job.

    Returns:
        One result for each job.
    """
    setup_globals()
    jobs = [
        (number, list(overrides))
        for number, overrides in enumerate(job_overrides, start=initial_job_idx)
    ]
    folder = Path(config.hydra.sweep.dir)
    if (folder / SWEEP_FILE).is_file():
        sweep = SweepRecord.read(folder)
        sweep.jobs |= {str(number): overrides for number, overrides in jobs}
        sweep.write(folder)
    return LocalLauncher(settings, context, task_function, config).run(jobs)


def _at_once(slots: Sequence[Slot]) -> str:
    return "one after another" if len(slots) == 1 else f"{len(slots)} at once"


def _completed(overrides: list[str], value: object) -> JobReturn:
    """A result that Hydra takes without raising; what failed is in the records."""
    ended = JobReturn(overrides=overrides)
    ended.return_value = value
    ended.status = JobStatus.COMPLETED
    return ended
