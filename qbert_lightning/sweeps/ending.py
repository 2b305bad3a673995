"""How a job ended, in words, entered in its record if it could not do so itself."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.new_record import new_record
from qbert_lightning.sweeps.job import Job
from qbert_lightning.sweeps.job_process import LOG_FILE
from qbert_lightning.tracking.durable import write_text
from qbert_lightning.tracking.run_record import (
    ERROR_FILE_NAME,
    FAILED,
    FILE_NAME,
    RUNNING,
    RunRecord,
)


def words_for(code: int, was_short_of_memory: bool = False) -> str:
    """What ended a job's process.

    Args:
        code: Exit code, negative for a signal.
        was_short_of_memory: Whether the system killed processes for lack of memory
            while the job ran.

    >>> words_for(-9)
    'killed by SIGKILL'
    """
    if code >= 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-code).name
        if name == "SIGKILL" and was_short_of_memory:
            return "killed by SIGKILL: the system was out of memory"
        return f"killed by {name}"
    return f"killed by signal {-code}"


def failed_record(job: Job, verb: str, words: str, complaint: str | None) -> RunRecord:
    """The record of a job that did not finish, written if it does not say so itself.

    Args:
        job: The job.
        verb: What was run.
        words: From `words_for`.
        complaint: Why the launcher ended the job, if it did; the job cannot know.
    """
    with contextlib.suppress(QbertError):
        record = RunRecord.read(job.folder)
        if complaint is None and record.status != RUNNING:
            return record
        return _write(record, job.folder, complaint or words)
    record = new_record(job.plain(), verb, job.overrides)
    return _write(record, job.folder, complaint or words)


def _write(record: RunRecord, folder: Path, words: str) -> RunRecord:
    record.status, record.error = FAILED, words
    if not (folder / ERROR_FILE_NAME).exists():
        text = f"{words}\nWhat it printed is in {LOG_FILE}.\n"
        write_text(folder / ERROR_FILE_NAME, text)
    record.write(folder)
    return record


def forget(folder: Path) -> None:
    """Remove the record of an attempt that failed, before the next one.

    A job that dies before it writes a record must not seem to have its last one.
    """
    for name in (FILE_NAME, ERROR_FILE_NAME):
        (folder / name).unlink(missing_ok=True)
