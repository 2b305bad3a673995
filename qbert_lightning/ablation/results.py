"""What an ablation found: every change's main effects, as JSON, Markdown and table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from qbert_lightning.ablation.effects import Effect, effect
from qbert_lightning.ablation.planning import BASELINE, Job, change_of
from qbert_lightning.past_runs import past_runs

if TYPE_CHECKING:
    from rich.table import Table

VERSION = 1
JSON_FILE, MARKDOWN_FILE = "ablation.json", "ablation.md"
COLUMNS = ("change", "n", "score", "effect on score", "MB", "effect on MB")
SCORE_DIGITS, SIZE_DIGITS = 4, 3


@dataclass
class Measured:
    """What the finished runs of one change measured.

    Attributes:
        score: Seed → the task's primary metric.
        size_mb: Seed → size of the quantized model, MB of 2^20 bytes.
    """

    score: dict[int, float] = field(default_factory=dict)
    size_mb: dict[int, float] = field(default_factory=dict)


def measured_below(folder: Path) -> dict[str, Measured]:
    """Change → what its finished runs measured, from the records below a folder.

    Of several runs of one change and seed the newest counts.
    """
    found: dict[str, Measured] = {}
    for run in sorted(past_runs(folder), key=lambda run: run.started):
        change = change_of(run.config.get("tags") or ())
        if change is None or run.outcome is None:
            continue
        score, size = run.outcome
        measured = found.setdefault(change, Measured())
        measured.score[run.seed], measured.size_mb[run.seed] = score, size
    return found


@dataclass(frozen=True)
class Result:
    """One change with its effects.

    Attributes:
        change: Its name.
        overrides: What it is.
        planned: How many runs there should be.
        measured: What the finished ones measured.
        score: Effect on the score; None for the baseline.
        size_mb: Effect on the size in MB; None for the baseline.
    """

    change: str
    overrides: tuple[str, ...]
    planned: int
    measured: Measured
    score: Effect | None
    size_mb: Effect | None


def results(
    jobs: Sequence[Job],
    overrides: Mapping[str, Sequence[str]],
    measured: Mapping[str, Measured],
) -> list[Result]:
    """Every change's result, the baseline's first.

    Args:
        jobs: All runs that were planned.
        overrides: Change → what it is; the baseline has some too.
        measured: From `measured_below`.
    """
    baseline = measured.get(BASELINE, Measured())
    found = []
    for change in dict.fromkeys(job.change for job in jobs):
        mine = measured.get(change, Measured())
        compared = change != BASELINE
        found.append(
            Result(
                change=change,
                overrides=tuple(overrides.get(change, ())),
                planned=sum(job.change == change for job in jobs),
                measured=mine,
                score=effect(baseline.score, mine.score) if compared else None,
                size_mb=effect(baseline.size_mb, mine.size_mb) if compared else None,
            )
        )
    return found


def write_results(found: Sequence[Result], folder: Path) -> None:
    """Write ``ablation.json`` and ``ablation.md``."""
    data = {"version": VERSION, "confidence": 0.95, "changes": [*map(asdict, found)]}
    text = json.dumps(data, indent=1, allow_nan=False)
    (folder / JSON_FILE).write_text(f"{text}\n", encoding="utf-8")
    (folder / MARKDOWN_FILE).write_text(markdown(found), encoding="utf-8")


def result_table(found: Sequence[Result]) -> Table:
    """The results for a terminal, with what they mean below."""
    from rich.table import Table  # this package is imported before every command

    table = Table(title="ablation", title_justify="left")
    table.caption, table.caption_justify = note(found), "left"
    for number, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in map(_cells, found):
        table.add_row(*row)
    return table


def markdown(found: Sequence[Result]) -> str:
    """The results as a Markdown table, with the changes' overrides."""
    lines = [
        f"| {' | '.join([*COLUMNS, 'overrides'])} |",
        f"|{' --- |' * (len(COLUMNS) + 1)}",
    ]
    for result in found:
        overrides = " ".join(f"`{one}`" for one in result.overrides)
        cells = [*_cells(result), overrides]
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join([*lines, "", note(found), ""])


def note(found: Sequence[Result]) -> str:
    """What the numbers are, in words."""
    text = (
        "effect: mean difference to the baseline over the n seeds that both finished, "
        "± half of its 95 % interval (Student's t of the paired differences); "
        "* leaves out zero"
    )
    if any(result.score and result.score.n == 1 for result in found):
        text += "; one seed has no interval"
    return text


def _cells(result: Result) -> list[str]:
    done, planned = len(result.measured.score), result.planned
    return [
        result.change,
        str(done) if done == planned else f"{done} of {planned}",
        _mean(result.measured.score, SCORE_DIGITS),
        _shown(result.score, SCORE_DIGITS),
        _mean(result.measured.size_mb, SIZE_DIGITS),
        _shown(result.size_mb, SIZE_DIGITS),
    ]


def _mean(values: Mapping[int, float], digits: int) -> str:
    return f"{sum(values.values()) / len(values):.{digits}f}" if values else "-"


def _shown(found: Effect | None, digits: int) -> str:
    if found is None or found.mean is None:
        return "-"
    text = f"{found.mean:+.{digits}f}"
    if found.half_width is None:
        return text
    return f"{text} ± {found.half_width:.{digits}f}{'*' if found.is_clear else ''}"
