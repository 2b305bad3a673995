"""One W&B run for each job, which never harms or delays the job."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from qbert_lightning.tracking.run_record import RunRecord
from qbert_lightning.tracking.wandb_identity import RunIdentity
from qbert_lightning.tracking.wandb_labels import MAX_LABEL, labels
from qbert_lightning.tracking.wandb_settings import (
    DISABLED,
    OFFLINE,
    ONLINE,
    WandbSettings,
    give_up_on_server,
)

INIT_SECONDS = 6.0
OFFLINE_INIT_SECONDS = 60.0  # nobody is waited for but a process of this busy machine
FINISH_SECONDS = 30.0
FLUSH_SECONDS = 1.0

_LOG = logging.getLogger(__name__)


class WandbRun:
    """A W&B run, or a silent stand-in once W&B has failed.

    Every call is harmless: the first failure is one warning, and from then on nothing
    is sent. As a context manager it finishes the run however the body ends.

    Args:
        run: What `wandb.init` gave; None for the stand-in.
        identity: The run's id, released when the run is finished.
    """

    def __init__(
        self, run: Any | None = None, identity: RunIdentity | None = None
    ) -> None:
        self._run = run
        self._identity = identity
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

    def artifact(
        self, name: str, kind: str, path: Path, metadata: Mapping[str, Any]
    ) -> None:
        """Send a file, or all files of a folder, as a versioned artifact.

        Args:
            name: Its name; signs that W&B does not take in it become `-`.
            kind: Its type.
            path: What to send; must stay in place until the run is uploaded.
            metadata: Plain values shown beside it.
        """

        def send(run: Any) -> None:
            import wandb

            safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[-MAX_LABEL:]
            artifact = wandb.Artifact(safe, type=kind, metadata=dict(metadata))
            # Immutable: not copied to a staging folder of W&B's first.
            add = artifact.add_dir if path.is_dir() else artifact.add_file
            add(str(path), policy="immutable")
            run.log_artifact(artifact)

        self._attempt(send)

    def finish(self, exit_code: int = 0) -> None:
        """End the run; a second call does nothing.

        Args:
            exit_code: 0 if the job went well.
        """
        run, self._run, self._accepts = self._run, None, False
        begin = time.monotonic()
        if run is not None:
            _harmless("finish", lambda: run.finish(exit_code=exit_code))
        if time.monotonic() - begin >= FINISH_SECONDS:
            # W&B itself says nothing of what it has not sent by then.
            _LOG.warning("W&B did not finish in time; `qbert sync` uploads the rest")
            give_up_on_server()
        if self._identity is not None:
            self._identity.release()

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
            name is their group, unless `settings` has one. The run's id is always in
            the job's own folder.

    Returns:
        The run, to be finished in a `finally` or used in a `with`.
    """
    mode = settings.resolve_mode()
    if mode == DISABLED or is_helper_process():
        return WandbRun()
    identity = _identity(folder)
    choices = {
        "project": settings.project,
        "entity": settings.entity,
        **labels(record, sweep, settings.group),
    }
    primary = record.primary_metric
    run = _start(mode, sweep or folder, choices | _named(identity), primary)
    if run is None and mode == ONLINE:
        give_up_on_server()
        if identity is not None:
            identity.renew()  # W&B's service still holds the id of the failed start
        run = _start(OFFLINE, sweep or folder, choices | _named(identity), primary)
    return WandbRun(run, identity)


def _named(identity: RunIdentity | None) -> dict[str, str]:
    return {"id": identity.id, "resume": "allow"} if identity else {}


def _identity(folder: Path) -> RunIdentity | None:
    found: list[RunIdentity] = []
    _harmless("name the run", lambda: found.append(RunIdentity(folder)))
    return found[0] if found else None


def _start(
    mode: str, folder: Path, choices: Mapping[str, Any], primary: str
) -> Any | None:
    started: list[Any] = []

    def start() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        run = _init(mode=mode, dir=str(folder), **choices)
        started.append(run)
        _define_axes(run, primary)

    _harmless(f"start {mode}", start)
    return started[0] if started else None


def _init(**choices: Any) -> Any:
    # Read by the service process at its start: no reports to its makers, whose upload
    # would hold up the end of this process, and no lines on the terminal.
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_SILENT", "true")
    import wandb

    patience = INIT_SECONDS if choices["mode"] == ONLINE else OFFLINE_INIT_SECONDS
    return wandb.init(
        **choices,
        reinit="finish_previous",
        settings=wandb.Settings(
            console="off",
            disable_git=True,
            finish_timeout=FINISH_SECONDS,
            init_timeout=patience,
            login_timeout=patience,
            silent=True,
            x_disable_meta=True,
            x_disable_stats=True,
            x_save_requirements=False,
            x_transaction_log_flush_interval=FLUSH_SECONDS,
        ),
    )


def _define_axes(run: Any, primary: str) -> None:
    run.define_metric("step")
    run.define_metric("*", step_metric="step")
    if primary:  # the score on the test split, and the one that training watches
        watched = f"val/{primary.rpartition('/')[2]}"
        run.define_metric(primary, step_metric="step", summary="last")
        run.define_metric(watched, step_metric="step", summary="max,last")


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
