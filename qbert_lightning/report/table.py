"""The table of settings as CSV and as LaTeX."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from qbert_lightning.report.aggregate import Setting, Summary, aggregate
from qbert_lightning.report.differences import short_labels, telling_keys
from qbert_lightning.report.published import Published
from qbert_lightning.report.published import published as published_figures
from qbert_lightning.report.run import Run
from qbert_lightning.report.view import (
    DEPLOYED_NUMBERS,
    NUMBERS,
    configured,
    is_deployed,
)

# A spreadsheet runs a cell that starts with one of these as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
} | {sign: f"\\{sign}" for sign in "&%$#_{}"}


def write_csv(runs: Sequence[Run], path: Path, *, published: bool = False) -> Path:
    """Write one row for each setting, with means and standard deviations over seeds.

    Args:
        runs: Runs of any status; finished ones are aggregated over seeds.
        path: The file to write; missing folders are made.
        published: Add what papers print about the same tasks, in rows of their own.

    Returns:
        The path written.
    """
    settings = aggregate(runs)
    telling = telling_keys(settings)
    numbers = NUMBERS | (DEPLOYED_NUMBERS if is_deployed(settings) else {})
    rows = [_csv_row(setting, telling, numbers) for setting in settings]
    header = _csv_header(telling, numbers)
    if published:
        rows += [
            _csv_published(task, metric, one, header)
            for task, metric in dict.fromkeys(map(_judged, settings))
            for one in published_figures(task, metric)
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_cell(name) for name in header])
        writer.writerows([_cell(value) for value in row] for row in rows)
    return path


def _csv_header(telling: Sequence[str], numbers: Iterable[str]) -> list[str]:
    columns = [f"{name}_{part}" for name in numbers for part in ("mean", "std")]
    return [
        *("task", "setting", "method", "groups", "activation_bits"),
        *telling,
        *("metric", "split", "score_mean", "score_std", "runs", "seeds"),
        *columns,
        "folders",
    ]


def _csv_row(
    setting: Setting, telling: Sequence[str], numbers: Mapping[str, str]
) -> list[object]:
    first = setting.first
    score = setting.summary(first.primary_metric)
    summaries = [setting.summary(key) for key in numbers.values()]
    return [
        first.task,
        setting.name,
        first.method,
        configured(setting, "quant.groups"),
        configured(setting, "quant.activation_bits"),
        *(configured(setting, key) for key in telling),
        first.primary_metric,
        setting.split,
        *_mean_and_std(score),
        len(setting.runs),
        " ".join(str(run.seed) for run in setting.runs),
        *(part for summary in summaries for part in _mean_and_std(summary)),
        " ".join(run.folder.as_posix() for run in setting.runs),
    ]


def _judged(setting: Setting) -> tuple[str, str]:
    first = setting.first
    return first.task, first.primary_metric.rpartition("/")[2]


def _csv_published(
    task: str, metric: str, printed: Published, header: Sequence[str]
) -> list[object]:
    known = {
        "task": task,
        "setting": f"{printed.label} ({printed.source})",
        "method": printed.method,
        "groups": printed.groups,
        "activation_bits": printed.activation_bits,
        "metric": metric,
        "split": "dev, as published",
        "score_mean": printed.score,
        "drop_mean": printed.drop,
        "bits_mean": printed.weight_bits,
        "size_mean": printed.size_mb,
    }
    return [known.get(name) for name in header]


def _mean_and_std(summary: Summary | None) -> tuple[float | None, float | None]:
    return (summary.mean, summary.std) if summary else (None, None)


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def write_latex(runs: Sequence[Run], path: Path, *, published: bool = False) -> Path:
    r"""Write the table of settings for a paper, in the style of booktabs.

    The file holds one `tabular`; the document needs `\usepackage{booktabs}`.

    Args:
        runs: Runs of any status; finished ones are aggregated over seeds.
        path: The file to write; missing folders are made.
        published: Add what papers print about the same tasks, in rows of their own.

    Returns:
        The path written.
    """
    settings = aggregate(runs)
    telling = telling_keys(settings)
    columns = _latex_columns(telling, deployed=is_deployed(settings))
    heads = " & ".join(name for name, _ in columns)
    lines = [
        rf"\begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}",
        r"\toprule",
        rf"{heads} \\",
    ]
    for title, block in _blocks(settings).items():
        lines += [
            r"\midrule",
            rf"\multicolumn{{{len(columns)}}}{{l}}{{\emph{{{title}}}}} \\",
        ]
        lines += [
            " & ".join(text(setting) for _, text in columns) + r" \\"
            for setting in block
        ]
        if published:
            printed = published_figures(*_judged(block[0]))
            lines += [_latex_published(one, len(columns)) for one in printed]
    lines += [r"\bottomrule", r"\end{tabular}", ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _latex_columns(
    telling: Sequence[str], *, deployed: bool
) -> list[tuple[str, Callable[[Setting], str]]]:
    def number(key: str, digits: int) -> Callable[[Setting], str]:
        return lambda setting: _latex_number(setting.summary(key), digits)

    def value(key: str) -> Callable[[Setting], str]:
        return lambda setting: latex_text(configured(setting, key)) or "--"

    labels = zip(telling, short_labels(telling), strict=True)
    return [
        ("Method", lambda setting: latex_text(setting.first.method)),
        ("Bits", number("quant/average_bits", 2)),
        ("Groups", value("quant.groups")),
        ("Act.\\ bits", value("quant.activation_bits")),
        *((latex_text(label), value(key)) for key, label in labels),
        *([("Deployed drop", number("deployed/drop", 4))] if deployed else []),
        ("Score", _latex_score),
        ("Drop", number("quant/drop", 4)),
        ("MiB", number("quant/size_mb", 2)),
    ]


def _latex_published(printed: Published, columns: int) -> str:
    """A row whose settings lie before the last three columns: score, drop, size."""
    label = latex_text(f"{printed.label} ({printed.source})")
    if printed.weight_bits is not None:
        label += f", {printed.weight_bits:g} bits"
    drop = "--" if printed.drop is None else f"{printed.drop:.4f}".replace("-", "$-$")
    size = "--" if printed.size_mb is None else f"{printed.size_mb:.2f}"
    span = rf"\multicolumn{{{columns - 3}}}{{l}}{{\emph{{{label}}}}}"
    return rf"{span} & {printed.score:.4f} & {drop} & {size} \\"


def _latex_score(setting: Setting) -> str:
    summary = setting.summary(setting.first.primary_metric)
    digits = 2 if summary and abs(summary.mean) > 1.5 else 4
    text = _latex_number(summary, digits)
    if summary is None or summary.std is None:
        return text
    return rf"{text} $\pm$ {summary.std:.{digits}f}"


def _latex_number(summary: Summary | None, digits: int) -> str:
    if summary is None:
        return "--"
    if not math.isfinite(summary.mean):
        return str(summary.mean)
    return f"{summary.mean:.{digits}f}".replace("-", "$-$")


def _blocks(settings: Sequence[Setting]) -> dict[str, list[Setting]]:
    blocks: dict[str, list[Setting]] = {}
    for setting in settings:
        metric = setting.first.primary_metric.rpartition("/")[2]
        title = latex_text(f"{setting.first.task}: {metric} on {setting.split}")
        blocks.setdefault(title, []).append(setting)
    return blocks


def latex_text(text: str) -> str:
    r"""Text with the signs escaped that LaTeX would obey; line breaks become spaces.

    >>> latex_text("w4_g128 & 50%")
    'w4\\_g128 \\& 50\\%'
    """
    return "".join(LATEX_SPECIAL.get(sign, sign) for sign in " ".join(text.split()))
