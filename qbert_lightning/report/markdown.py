"""The table of settings as Markdown, for a README beside its records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qbert_lightning.report.aggregate import Setting, Summary, aggregate
from qbert_lightning.report.agreement_markdown import agreement_markdown
from qbert_lightning.report.cell_text import cell_text
from qbert_lightning.report.published import Published
from qbert_lightning.report.published import published as published_figures
from qbert_lightning.report.run import Run
from qbert_lightning.report.sensitivity_markdown import sensitivity_markdown
from qbert_lightning.report.view import configured, is_deployed

HEADER = (
    "| setting | encoder bits | groups | score % | drop | MiB on disk | smaller |",
    "|---|---|---|---|---|---|---|",
)
DEPLOYED_HEADER = (" deployed % | drop by deploying | deployed MiB |", "---|---|---|")


def write_markdown(runs: Sequence[Run], path: Path, *, published: bool = False) -> Path:
    """Write one row for each setting, in the order the settings were run.

    Args:
        runs: Runs of any status; finished ones are aggregated over seeds.
        path: The file to write; missing folders are made.
        published: Add what papers print about the same tasks, in rows of their own.

    Returns:
        The path written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = markdown_table(runs, published=published)
    path.write_text(text, encoding="utf-8")
    return path


def markdown_table(runs: Sequence[Run], *, published: bool = False) -> str:
    """The tables as text; a line above each names metric, split and seeds.

    Scores first; where there are analyses, their importances and how well they agree
    with the measured sensitivity.
    """
    blocks: dict[str, list[Setting]] = {}
    for setting in sorted(aggregate(runs), key=lambda each: each.first.started):
        metric = setting.first.primary_metric.rpartition("/")[2]
        title = f"{metric} on {setting.split}"
        blocks.setdefault(title, []).append(setting)
    lines = []
    for title, settings in blocks.items():
        rows = [*HEADER, *map(_row, settings)]
        if is_deployed(settings):
            more = [*DEPLOYED_HEADER, *map(_deployed_cells, settings)]
            rows = [row + cells for row, cells in zip(rows, more, strict=True)]
        lines += [cell_text(title), "", *rows]
        lines += [*map(_published_row, _printed(settings) if published else ()), ""]
    parts = ["\n".join(lines), sensitivity_markdown(runs), agreement_markdown(runs)]
    return "\n".join(part for part in parts if part)


def _row(setting: Setting) -> str:
    score = setting.summary(setting.first.primary_metric)
    # Each run's drop is from the float model of its own seed.
    drop = setting.summary("quant/drop")
    seeds = f" ({score.n})" if score and score.n > 1 else ""
    cells = (
        cell_text(setting.name),
        _number(setting.summary("quant/average_bits")),
        cell_text(configured(setting, "quant.groups")),
        _number(score, 100) + _spread(score) + seeds,
        _number(drop, 100) + _spread(drop),
        _number(setting.summary("quant/bytes_on_disk"), 2**-20),
        _number(setting.summary("quant/compression")) + " ×",
    )
    return f"| {' | '.join(cells)} |"


def _deployed_cells(setting: Setting) -> str:
    """What a runtime made of the model: further cells of its row."""
    score = setting.summary(f"deployed/{setting.first.primary_metric}")
    drop = setting.summary("deployed/drop")
    cells = (
        _number(score, 100) + _spread(score),
        _number(drop, 100) + _spread(drop),
        _number(setting.summary("deployed/bytes_on_disk"), 2**-20),
    )
    return f" {' | '.join(cells)} |"


def _printed(settings: Sequence[Setting]) -> list[Published]:
    first = settings[0].first
    return published_figures(first.task, first.primary_metric.rpartition("/")[2])


def _published_row(printed: Published) -> str:
    size = printed.size_mb
    cells = (
        cell_text(f"{printed.label} ({printed.source})"),
        "–" if printed.weight_bits is None else f"{printed.weight_bits:.2f}",
        "–" if printed.groups is None else str(printed.groups),
        f"{100 * printed.score:.2f}",
        "–" if printed.drop is None else f"{100 * printed.drop:.2f}",
        "–" if size is None else f"{size:.2f} (computed)",
        "–",
    )
    return f"| {' | '.join(cells)} |"


def _number(summary: Summary | None, factor: float = 1) -> str:
    return "–" if summary is None else f"{summary.mean * factor:.2f}"


def _spread(summary: Summary | None) -> str:
    if summary is None or summary.std is None:
        return ""
    return f" ± {100 * summary.std:.2f}"
