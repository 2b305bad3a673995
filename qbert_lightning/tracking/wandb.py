"""One W&B run for each job, which never harms or delays the job."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from qbert_lightning.tracking.json_values import encode
from qbert_lightning.tracking.run_record import RunRecord
from qbert_lightning.tracking.wandb_settings import (
    DISABLED,
    OFFLINE,
    ONLINE,
    WandbSettings,
    give_up_on_server,
)

INIT_SECONDS = 6.0
FINISH_SECONDS = 30.0
FLUSH_SECONDS = 1.0

_LOG = logging.getLogger(__name__)


class WandbRun:
    """A W&B run, or a silent stand-in once W&B has failed.

    Every call is harmless: the first failure is one warning, and from then on nothing
    is sent. As a context manager it finishes the run however the body ends.

    Args:
        run: What `wandb.init` gave; None for the stand-in.
    """

    def __init__(self, run: Any | None = None) -> None:
        self._run = run
        self._accepts = run is not None

    @property
    def is_active(self) -> bool:
        """Whether rows still go to W&B."""
        return self._accepts

    @property
    def id(self) -> str | None:
        """W&B's name of the run; None for the stand-in."""
        return None if self._run is None else str(self._run.id)

    def log(self, row: Mapping[str, Any]) -> None:
        """Send one row; its `step` is the horizontal axis of every chart."""
        self._attempt(lambda run: run.log(dict(row)))

    def summary(self, values: Mapping[str, Any]) -> None:
        """Set final values, shown in the table of runs."""
        self._attempt(lambda run: run.summary.update(dict(values)))

    def table(
        self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Send a table.

        Args:
            name: Its key.
            columns: Names of the columns.
            rows: Plain values, as many in each row as there are columns.
        """

        def send(run: Any) -> None:
            import wandb

            data = [list(row) for row in rows]
            run.log({name: wandb.Table(columns=list(columns), data=data)})

        self._attempt(send)

    def histogram(self, name: str, values: Sequence[float]) -> None:
        """Send the distribution of `values`, finite numbers, under the key `name`."""

        def send(run: Any) -> None:
            import wandb

            run.log({name: wandb.Histogram(list(values))})

        self._attempt(send)

    def figure(self, name: str, make: Callable[[], Any]) -> None:
        """Send an interactive picture.

        Args:
            name: Its key.
            make: Gives a Plotly figure; called only while rows go to W&B.
        """

        def send(run: Any) -> None:
            import wandb

            run.log({name: wandb.Plotly(make())})

        self._attempt(send)

    def finish(self, exit_code: int = 0) -> None:
        """End the run; a second call does nothing.

        Args:
            exit_code: 0 if the job went well.
        """
        run, self._run, self._accepts = self._run, None, False
        if run is not None:
            _harmless("finish", lambda: run.finish(exit_code=exit_code))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish(0 if kind is None else 1)

    def _attempt(self, action: Callable[[Any], None]) -> None:
        if self._accepts:
            self._accepts = _harmless("logging", lambda: action(self._run))


def open_wandb(
    settings: WandbSettings,
    record: RunRecord,
    folder: Path,
    sweep: Path | None = None,
) -> WandbRun:
    """Start a W&B run of its own for this job.

    Another run still open in this process is finished first. Waiting for the server
    is bounded; a server that fails leaves an offline run, anything else that fails a
    stand-in, and each one warning.

    Args:
        settings: Mode, project, entity and group.
        record: Gives the run its name, kind, configuration and tags.
        folder: The job's folder; gets `wandb/<run>` unless the job is of a sweep.
        sweep: The sweep's folder, in which all its jobs keep their `wandb/<run>`; its
            name is their group, unless `settings` has one.

    Returns:
        The run, to be finished in a `finally` or used in a `with`.
    """
    mode = settings.resolve_mode()
    if mode == DISABLED or is_helper_process():
        return WandbRun()
    choices = {
        "project": settings.project,
        "entity": settings.entity,
        "group": settings.group or (sweep.name if sweep else None),
        "name": record.name,
        "tags": [str(tag) for tag in record.config.get("tags") or ()],
        "job_type": record.kind,
        "config": encode(record.config),
    }
    run = _start(mode, sweep or folder, choices)
    if run is None and mode == ONLINE:
        give_up_on_server()
        run = _start(OFFLINE, sweep or folder, choices)
    return WandbRun(run)


def _start(mode: str, folder: Path, choices: Mapping[str, Any]) -> Any | None:
    started: list[Any] = []

    def start() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        started.append(_init(mode=mode, dir=str(folder), **choices))

    _harmless(f"start {mode}", start)
    return started[0] if started else None


def _init(**choices: Any) -> Any:
    # Read by the service process at its start: no reports to its makers, whose upload
    # would hold up the end of this process, and no lines on the terminal.
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_SILENT", "true")
    import wandb

    run = wandb.init(
        **choices,
        reinit="finish_previous",
        settings=wandb.Settings(
            console="off",
            disable_git=True,
            finish_timeout=FINISH_SECONDS,
            init_timeout=INIT_SECONDS,
            login_timeout=INIT_SECONDS,
            silent=True,
            x_disable_meta=True,
            x_disable_stats=True,
            x_save_requirements=False,
            x_transaction_log_flush_interval=FLUSH_SECONDS,
        ),
    )
    run.define_metric("step")
    run.define_metric("*", step_metric="step")
    return run


def is_helper_process() -> bool:
    """Whether Lightning started this process beside the first, which keeps records."""
    return any(os.environ.get(key, "0") != "0" for key in ("LOCAL_RANK", "RANK"))


def _harmless(what: str, action: Callable[[], Any]) -> bool:
    try:
        action()
    except ImportError:
        _LOG.warning("W&B is not installed; going on without it (pip install wandb)")
    # The boundary to a service that may fail in any way of its own, and must not take
    # hours of training with it: the one place that catches everything.
    except Exception as error:
        line = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        _LOG.warning("W&B failed (%s), going on: %s", what, line)
    else:
        return True
    return False
