"""What became of each job of a sweep, read from the folders alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from qbert_lightning.errors import QbertError
from qbert_lightning.sweeps.sweep_record import SWEEP_FILE, SweepRecord
from qbert_lightning.tracking.folder_lock import is_held
from qbert_lightning.tracking.run_record import (
    FILE_NAME,
    FINISHED,
    RUNNING,
    RunRecord,
)

FAILED = "failed"
STOPPED = "stopped"  # its process is gone and could not say why
WAITING = "not started"


@dataclass(frozen=True)
class JobState:
    """One job, as its folder shows it.

    Attributes:
        folder: The job's folder.
        state: `finished`, `failed`, `running`, `stopped` or `not started`.
        overrides: What it was asked for.
        record: Its record, if it has one that can be read.
    """

    folder: Path
    state: str
    overrides: tuple[str, ...] = ()
    record: RunRecord | None = None

    @property
    def name(self) -> str:
        """The run's name, or its overrides as long as it has none."""
        if self.record is not None:
            return self.record.name
        return " ".join(self.overrides) or self.folder.name


def job_state(folder: Path, overrides: Iterable[str] = ()) -> JobState:
    """The state of one run's folder.

    Args:
        folder: The folder; it need not exist.
        overrides: What the job was asked for.
    """
    asked = tuple(overrides)
    record = None
    if (folder / FILE_NAME).is_file():
        try:
            record = RunRecord.read(folder)
        except QbertError:
            return JobState(folder, STOPPED, asked)
    if is_held(folder):
        return JobState(folder, RUNNING, asked, record)
    if record is None:
        return JobState(folder, WAITING, asked)
    state = STOPPED if record.status == RUNNING else record.status
    return JobState(folder, state, asked, record)


def job_states(sweep: Path) -> list[JobState]:
    """The states of all jobs of a sweep, in the order of their numbers.

    Args:
        sweep: The sweep's folder. Jobs are those of its record, and those that have a
            folder.
    """
    asked: dict[str, list[str]] = {}
    if (sweep / SWEEP_FILE).is_file():
        asked = SweepRecord.read(sweep).jobs
    begun = {path.parent.name for path in sweep.glob(f"*/{FILE_NAME}")}
    names = sorted({*asked, *begun}, key=_by_number)
    return [job_state(sweep / name, asked.get(name, ())) for name in names]


def is_finished(state: JobState) -> bool:
    """Whether nothing is left to do for a job."""
    return state.state == FINISHED


def counts(states: Iterable[JobState]) -> str:
    """How many jobs are in which state, in words.

    >>> counts([JobState(Path("0"), "finished"), JobState(Path("1"), "failed")])
    '2 jobs: 1 finished, 1 failed'
    """
    found = Counter(state.state for state in states)
    total = sum(found.values())
    order = (FINISHED, RUNNING, FAILED, STOPPED, WAITING)
    parts = [f"{found[name]} {name}" for name in order if found[name]]
    return f"{total} job{'s' * (total != 1)}: {', '.join(parts)}"


def _by_number(name: str) -> tuple[int, str]:
    return (int(name) if name.isdigit() else -1, name)
