"""`qbert sync`: upload finished offline runs, each of them once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from qbert_lightning.errors import DATA, ENVIRONMENT, FAILED, USAGE, QbertError
from qbert_lightning.reachable import host_answers
from qbert_lightning.tracking import RunRecord, read_metrics
from qbert_lightning.tracking.wandb_files import StoredRun, row_key, stored_runs
from qbert_lightning.tracking.wandb_settings import has_key, server
from qbert_lightning.tracking.wandb_upload import (
    BROKEN,
    Outcome,
    rows_on_server,
    upload,
)
from qbert_lightning.tracking.wandb_upload import FAILED as NOT_UPLOADED

PROBE_SECONDS = 3.0
UPLOADS_AT_ONCE = 4


def sync(arguments: Sequence[str]) -> int:
    """Carry out ``sync FOLDER ...`` and print one line for each run.

    Args:
        arguments: What follows ``sync``.

    Returns:
        0, or 1 if a run could not be uploaded.

    Raises:
        QbertError: (code 2) for other arguments, (code 3) without a key or a server.
    """
    folders = [Path(argument) for argument in arguments]
    for folder in folders:
        if not folder.is_dir():
            raise QbertError(f"sync {folder}: no such folder: accepted FOLDER", USAGE)
    if not folders:
        raise QbertError("sync: accepted folders with runs, such as outputs", USAGE)
    check_server()
    # Imported late: a usage error should be told at once.
    from rich.console import Console
    from rich.table import Table

    runs = _runs(folders)
    if runs:  # a server that refuses the key, or all questions, is told once
        rows_on_server({}, runs[0].id)
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        outcomes = list(zip(runs, pool.map(_upload, runs), strict=True))
    table = Table("run", "upload", "rows", "note")
    for run, outcome in outcomes:
        notes = [outcome.note, missing_rows(run)]
        note = "; ".join(note for note in notes if note)
        table.add_row(_plain(run.name), outcome.state, str(run.num_rows), _plain(note))
    Console().print(table if outcomes else "no runs of W&B there")
    return FAILED if any(map(_is_failure, (each for _, each in outcomes))) else 0


def check_server() -> None:
    """Refuse to begin without a key, or without an answer within three seconds.

    Raises:
        QbertError: (code 3) saying which.
    """
    if not has_key(server()):
        raise QbertError(
            "W&B: no API key is set: accepted WANDB_API_KEY, or `wandb login`",
            ENVIRONMENT,
        )
    if not host_answers(server(), PROBE_SECONDS):
        raise QbertError(
            f"W&B: {server()} did not answer within {PROBE_SECONDS:g} s", ENVIRONMENT
        )


def missing_rows(run: StoredRun) -> str:
    """Says how many rows of the run's own record its W&B files do not have.

    A run that was killed may have lost its last seconds there. Rows of stages that the
    run found ready belong to the run that made them and are not looked for.

    Args:
        run: The run.

    Returns:
        A few words; none if no row is missing or there is no record to compare with.
    """
    if run.home is None or not (run.home / "run.json").is_file():
        return ""
    try:
        record = RunRecord.read(run.home)
    except QbertError:
        return "its run.json cannot be read"
    made = [entry for entry in record.stages.values() if not entry.get("reused")]
    logged = [row for entry in made for row in read_metrics(Path(entry["folder"]))]
    wanted = {key for row in logged if (key := row_key(row)) is not None}
    missing = len(wanted - run.rows)
    if not missing:
        return ""
    return f"W&B lacks {missing} of {len(wanted)} rows of its metrics.jsonl"


def _runs(folders: Sequence[Path]) -> list[StoredRun]:
    try:
        return stored_runs(folders)
    except ImportError as error:
        raise QbertError(f"{error}: accepted pip install wandb", ENVIRONMENT) from error
    except OSError as error:
        raise QbertError(str(error), DATA) from error


def _upload(run: StoredRun) -> Outcome:
    """Upload one run; a server that goes away meanwhile fails this run, not all."""
    try:
        return upload(run)
    except QbertError as error:
        return Outcome(NOT_UPLOADED, str(error))


def _is_failure(outcome: Outcome) -> bool:
    return outcome.state in (BROKEN, NOT_UPLOADED)


def _plain(text: str) -> str:
    """Text without the markup that the table would read in it."""
    from rich.markup import escape

    return escape(text)
