"""``--dry-run``: the table of a command's jobs, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from qbert_lightning.errors import QbertError
from qbert_lightning.past_runs import past_runs
from qbert_lightning.pipeline.composition import Command
from qbert_lightning.pipeline.float_models import FloatModels
from qbert_lightning.pipeline.planned_jobs import (
    PlannedJob,
    PlannedSweep,
    planned_sweep,
)
from qbert_lightning.pipeline.predicted_size import PredictedSize, predicted_size
from qbert_lightning.pipeline.predicted_time import PastTimes, fingerprint
from qbert_lightning.pipeline.search import origin_of

UNKNOWN = "-"
TABLE_WIDTH = 100
MARKS = ("name=", "tags=")  # overrides that only label a run


@dataclass(frozen=True)
class Row:
    """What is foretold about one job.

    Attributes:
        number: The job's.
        differs: The overrides that not all jobs have.
        size: Of its quantized model; None if not known.
        there: Which of its stages are there already, in words.
        seconds: How long it will take; None if not known.
    """

    number: int
    differs: str
    size: PredictedSize | None
    there: str
    seconds: float | None


def dry_run(command: Command) -> None:
    """Compose and check every job, and print what is known about it beforehand.

    Raises:
        QbertError: (code 2) for a job that would be refused, and for two jobs that
            would compute the same.
    """
    sweep = planned_sweep(command)
    refuse_duplicates(sweep.jobs)
    rows, num_runs = foretell(sweep.jobs)
    console = Console()
    if console.width < TABLE_WIDTH:
        console = Console(width=TABLE_WIDTH)
    if rows:
        console.print(_table(rows))
    for line in _notes(sweep, rows, num_runs):
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def refuse_duplicates(jobs: Sequence[PlannedJob]) -> None:
    """Raise `QbertError` if two jobs differ in nothing that is computed."""
    seen: dict[str, PlannedJob] = {}
    for job in jobs:
        first = seen.setdefault(fingerprint(job.config), job)
        if first is not job:
            raise QbertError(
                f"jobs {first.number} and {job.number} would compute the same: "
                f"{_own(first, jobs) or 'same overrides'} | "
                f"{_own(job, jobs) or 'same overrides'}: accepted jobs that differ in "
                "more than their names"
            )


def foretell(jobs: Sequence[PlannedJob]) -> tuple[list[Row], int]:
    """A row for every job, and the number of earlier runs behind the times.

    Args:
        jobs: In the order they would run.
    """
    rows, used = [], set()
    kept: dict[Path, tuple[FloatModels, PastTimes]] = {}
    made: set[str] = set()
    for job in jobs:
        output = Path(job.config["paths"]["output_dir"])
        if output not in kept:
            kept[output] = (FloatModels(output), PastTimes([*past_runs(output)]))
        models, times = kept[output]
        found = models.find(job.config)
        similar = found or models.alike(job.config)
        key = fingerprint(models.key(job.config))
        used |= {run.folder for run in times.alike(job.config)}
        there = _there(times.is_finished(job.config), found, earlier=key in made)
        made.add(key)
        rows.append(
            Row(
                number=job.number,
                differs=_own(job, jobs),
                size=predicted_size(job.config, similar),
                there=there,
                seconds=times.seconds(job.config, has_float=found is not None),
            )
        )
    return rows, len(used)


def _own(job: PlannedJob, jobs: Sequence[PlannedJob]) -> str:
    """The overrides that not every job has."""
    counts = Counter(line for one in jobs for line in set(one.overrides))
    lines = [line for line in job.overrides if not line.startswith(MARKS)]
    return " ".join(one for one in lines if counts[one] < len(jobs) or len(jobs) == 1)


def _there(is_finished: bool, found: Path | None, *, earlier: bool) -> str:
    if is_finished:
        return "all"
    if found is not None:
        return "float model"
    return "float model (earlier job)" if earlier else UNKNOWN


def _table(rows: Sequence[Row]) -> Table:
    count = "1 job" if len(rows) == 1 else f"{len(rows)} jobs"
    table = Table(title=f"dry run: {count}, nothing started")
    table.title_justify = "left"
    for name in ("job", "what differs", "predicted bytes", "there already", "time"):
        is_text = name in ("what differs", "there already")
        justify: Literal["left", "right"] = "left" if is_text else "right"
        table.add_column(name, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(
            str(row.number),
            Text(row.differs),
            UNKNOWN if row.size is None else str(row.size),
            row.there,
            shown_time(row.seconds),
        )
    return table


def shown_time(seconds: float | None) -> str:
    """Seconds for people; an estimate that is not known is a dash.

    >>> shown_time(None), shown_time(0), shown_time(75), shown_time(7500)
    ('-', '0 s', '1 min 15 s', '2 h 5 min')
    """
    if seconds is None:
        return UNKNOWN
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _notes(sweep: PlannedSweep, rows: Sequence[Row], num_runs: int) -> list[str]:
    """What the columns mean, as far as it is not plain."""
    notes = []
    known = [row.seconds for row in rows if row.seconds is not None]
    if known:
        runs = "run" if num_runs == 1 else "runs"
        unknown = len(rows) - len(known)
        notes.append(
            f"time: {shown_time(sum(known))} one after another, an estimate from "
            f"{num_runs} earlier {runs} of the same task, model and recipe"
            + (f"; not known for {unknown} jobs" if unknown else "")
        )
    elif rows:
        notes.append("time: no earlier run of the same task, model and recipe")
    relations = {row.size.relation for row in rows if row.size is not None}
    if "≤ " in relations:
        notes.append("≤: an allocator decides within its budget")
    if "≥ " in relations:
        notes.append(
            "≥: without what is known only once a float model of this task is there "
            "(vocabulary, biases, head)"
        )
    if sweep.num_open:
        notes.append(
            f"dry run: {sweep.num_open} trials, nothing started; each but the first "
            f"{len(sweep.first)} follows from the results of earlier ones"
        )
    if sweep.first:
        notes.append(f"first {len(sweep.first)}: {origin_of(sweep.source)}")
    for point in sweep.first:
        settings = " ".join(f"{key}={value}" for key, value in point.items())
        notes.append(f"  {settings}")
    return notes
