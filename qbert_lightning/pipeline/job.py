"""One job of a Hydra application: check, run, and tell a failure in one line."""

from __future__ import annotations

import contextlib
import errno
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.types import RunMode
from omegaconf import DictConfig

# Imported for every process a launcher starts: registers the resolver `unique`.
import qbert_lightning.pipeline.composition  # noqa: F401
from qbert_lightning.errors import ENVIRONMENT, FAILED, QbertError
from qbert_lightning.pipeline.finished import finished_record, objectives_of
from qbert_lightning.pipeline.overrides import key_of
from qbert_lightning.pipeline.validation import validate
from qbert_lightning.tracking.run_record import TERMINATED

_ENVIRONMENT_ERRORS = frozenset(
    {errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS}
)


def run_job(config: DictConfig) -> Any:
    """The task function that Hydra calls in each job's folder.

    A failure of whatever kind becomes an ordinary exception, because anything else
    (``sys.exit`` in a library, a panic of a native tokenizer) would end a whole sweep.
    Only an interrupt and a request to terminate pass through.

    Args:
        config: The job's configuration, without the `hydra` node.

    Returns:
        What the verb returns; a sweeper may optimize it.

    Raises:
        QbertError: What failed, in one line; the traceback is in ``error.txt``.
    """
    job = HydraConfig.get()
    verb = str(job.job.config_name)
    # Hydra read the arguments without the verb; Lightning starts the other ranks of a
    # distributed run with this command line.
    if sys.argv[1:2] != [verb]:
        sys.argv.insert(1, verb)
    is_sweep = job.mode == RunMode.MULTIRUN
    try:
        overrides = OverridesParser.create().parse_overrides(list(job.overrides.task))
        validate(config, {key_of(one) for one in overrides})
        if is_sweep and (done := finished_record(Path(job.runtime.output_dir), config)):
            sys.stdout.write(f"job {job.job.num} was finished before\n")
            return objectives_of(done)
        return _run_verb(verb, config)
    except BaseException as error:
        if verb != "report":
            _write_traceback(Path(job.runtime.output_dir))
        ending = ending_of(error)
        if is_sweep and isinstance(ending, QbertError):
            ending = QbertError(f"job {job.job.num}: {ending}", ending.code)
            sys.stderr.write(f"failed: {ending}\n")
        if ending is error:
            raise
        raise ending from error


@contextmanager
def raised_later() -> Iterator[Callable[[DictConfig], Any]]:
    """`run_job`, whose error in a single run is raised when the context ends.

    Hydra would print a line of its own for it. A sweep's jobs fail within Hydra, which
    keeps account of them.
    """
    failed: list[QbertError] = []

    @wraps(run_job)
    def job(config: DictConfig) -> Any:
        try:
            return run_job(config)
        except QbertError as error:
            if HydraConfig.get().mode == RunMode.MULTIRUN:
                raise
            failed.append(error)

    yield job
    if failed:
        raise failed[0]


def _run_verb(verb: str, config: DictConfig) -> Any:
    """Import the verb's own code, at last, and run it."""
    if verb == "report":
        from qbert_lightning.pipeline.report import write_report

        return write_report(config)
    if verb == "bench":
        from qbert_lightning.pipeline.bench import run_benchmark

        return run_benchmark(config)
    from qbert_lightning.pipeline.run import run_stages

    return run_stages(config, until=verb)


def ending_of(error: BaseException) -> BaseException:
    """What a job ends with, for whatever was raised in it.

    Lightning turns a keyboard interrupt into ``SystemExit(1)`` and a termination into
    a `SystemExit` without a code, which would look like success.

    >>> ending_of(MemoryError("4 GiB"))
    QbertError('MemoryError: 4 GiB')
    """
    if isinstance(error, QbertError | KeyboardInterrupt):
        return error
    if isinstance(error, SystemExit):
        if isinstance(error.__context__, KeyboardInterrupt):
            return KeyboardInterrupt()
        if error.code == TERMINATED or type(error).__name__ == "SIGTERMException":
            return SystemExit(TERMINATED)
        return QbertError(f"the run was ended with exit code {error.code}", FAILED)
    message = f"{type(error).__name__}: {error}".removesuffix(": ")
    if isinstance(error, OSError) and error.errno in _ENVIRONMENT_ERRORS:
        return QbertError(message, ENVIRONMENT)
    return QbertError(message, FAILED)


def _write_traceback(folder: Path) -> None:
    with contextlib.suppress(OSError):  # a full disk must not hide what happened
        (folder / "error.txt").write_text(traceback.format_exc(), encoding="utf-8")
