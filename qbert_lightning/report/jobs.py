"""What a folder says of a run beyond its record: jobs not begun, processes gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from qbert_lightning.report.run import KINDS, RUNNING, WHOLE, Run
from qbert_lightning.tracking import from_text
from qbert_lightning.tracking.folder_lock import FILE_NAME as LOCK
from qbert_lightning.tracking.folder_lock import is_held
from qbert_lightning.tracking.run_record import FILE_NAME as RECORD
from qbert_lightning.tracking.sweep_folder import SWEEP_FILE

WAITING, STOPPED = "waiting", "stopped"


def as_it_is(run: Run) -> Run:
    """The run, `stopped` if its record says `running` and its process is gone.

    A folder without a lock, a copied one for instance, is believed.
    """
    is_open = run.status == RUNNING and (run.folder / LOCK).is_file()
    return replace(run, status=STOPPED) if is_open and not is_held(run.folder) else run


def is_under_way(runs: Iterable[Run]) -> bool:
    """Whether a run is running, or waits in a sweep whose process is alive."""
    open_runs = [run for run in runs if run.status in (RUNNING, WAITING)]
    sweeps = {run.folder.parent for run in open_runs if run.status == WAITING}
    return any(run.status == RUNNING for run in open_runs) or any(map(is_held, sweeps))


def jobs_without_record(sweep: Path) -> Iterator[Run]:
    """The jobs of a sweep that have left no record yet.

    Args:
        sweep: A folder with a record of a sweep; one that cannot be read has no jobs.
    """
    for name, overrides in _jobs(sweep).items():
        folder = sweep / name
        if Path(name).name != name or (folder / RECORD).exists():
            continue
        status = RUNNING if is_held(folder) else WAITING
        asked = tuple(map(str, overrides)) if isinstance(overrides, list) else ()
        yield Run(folder, status, " ".join(asked) or name, overrides=asked)


def _jobs(sweep: Path) -> dict[str, Any]:
    try:
        record = from_text((sweep / SWEEP_FILE).read_text(encoding="utf-8"))
        # The jobs of a sweep of another verb are no runs that could be compared.
        return dict(record["jobs"]) if record.get("verb", WHOLE) in KINDS else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
