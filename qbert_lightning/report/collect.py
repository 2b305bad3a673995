"""Find the run records below some folders."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qbert_lightning.errors import QbertError
from qbert_lightning.report.jobs import as_it_is, jobs_without_record
from qbert_lightning.report.run import KINDS, Run
from qbert_lightning.tracking import from_text
from qbert_lightning.tracking.sweep_folder import SWEEP_FILE

RECORD = "run.json"
STAGE_CACHE = "stages"
MAX_RECORD_BYTES = 64 * 2**20


Stamp = tuple[int, int]  # when a file was changed, and its size


class RecordCache:
    """Records read before, so that one that did not change is not read again."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[Stamp | None, Run | None]] = {}

    def read(self, path: Path) -> Run | None:
        """The run of one record, or None for a kind that is not compared."""
        stamp = stamp_of(path)
        if stamp is None or self._known.get(path, (None, None))[0] != stamp:
            self._known[path] = (stamp, _read(path))
        return self._known[path][1]


def stamp_of(path: Path) -> Stamp | None:
    """What changes when a file does; None without a file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def collect_runs(
    folders: Sequence[Path], cache: RecordCache | None = None
) -> list[Run]:
    """Every run and every analysis recorded below the folders, oldest first.

    Folders called `stages` hold cached artifacts and are not searched. A record that
    cannot be read is not dropped: it comes back with status `unreadable` and the reason
    as its error. Jobs that a sweep has not begun are `waiting`. Records with the same
    fingerprint are one run: a finished one is kept before a failed one, then the
    newest, and `Run.superseded` counts the others.

    Args:
        folders: Folders to search, at any depth.
        cache: Keeps what was read, for the next time.

    Returns:
        The runs, sorted by start and folder.

    Raises:
        QbertError: If one of the folders does not exist.
    """
    for folder in folders:
        if not Path(folder).is_dir():
            raise QbertError(f"inputs={folder}: no such folder")
    paths = sorted({path for folder in folders for path in _records(Path(folder))})
    cache = cache or RecordCache()
    runs: list[Run] = []
    for path in paths:
        if path.name == SWEEP_FILE:
            runs += jobs_without_record(path.parent)
        elif (run := cache.read(path)) is not None:
            runs.append(as_it_is(run))
    kept = [_keep_one(records) for records in _same_run(runs)]
    return sorted(kept, key=lambda run: (run.started, str(run.folder)))


def _records(folder: Path) -> Iterator[Path]:
    for parent, children, files in os.walk(folder.resolve()):
        children[:] = [child for child in children if child != STAGE_CACHE]
        for name in (RECORD, SWEEP_FILE):
            if name in files:
                yield Path(parent) / name


def _read(path: Path) -> Run | None:
    """The run of one record, or None for a record of a kind that is not compared."""
    try:
        size = path.stat().st_size
        if size > MAX_RECORD_BYTES:
            raise ValueError(f"expected at most {MAX_RECORD_BYTES} bytes, got {size}")
        record = _decode(path.read_bytes())
        if record.get("kind") not in KINDS:
            return None
        return Run.from_record(path.parent, record)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        return Run.unreadable(path.parent, f"{type(error).__name__}: {error}")


def _decode(content: bytes) -> dict[str, Any]:
    record = from_text(content.decode("utf-8"))
    if not isinstance(record, dict):
        raise ValueError(f"expected a JSON object, got {type(record).__name__}")
    return record


def _same_run(runs: Sequence[Run]) -> Iterator[list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.fingerprint or str(run.folder), []).append(run)
    yield from groups.values()


def _keep_one(records: Sequence[Run]) -> Run:
    best = max(records, key=lambda run: (run.status == "finished", run.started))
    return replace(best, superseded=len(records) - 1)
