"""The table as CSV and LaTeX."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path

import pytest

from qbert_lightning.report import Run, collect_runs, write_csv, write_latex
from tests.report.run_folders import record, write_sweep


def seeds(**changes: object) -> list[Run]:
    return [
        Run.from_record(
            Path(f"runs/{seed}"),
            record(
                seed=seed,
                name=f"a-s{seed}",
                metrics={"test/accuracy": score, "quant/size_mb": 48.08},
                **changes,
            ),
        )
        for seed, score in enumerate((0.90, 0.91, 0.95))
    ]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_csv_holds_mean_deviation_and_count(tmp_path: Path) -> None:
    (row,) = rows_of(write_csv(seeds(), tmp_path / "deep" / "table.csv"))
    scores = [0.90, 0.91, 0.95]
    assert float(row["score_mean"]) == pytest.approx(statistics.fmean(scores))
    assert float(row["score_std"]) == pytest.approx(statistics.stdev(scores))
    assert (row["runs"], row["seeds"]) == ("3", "0 1 2")
    assert (row["metric"], row["split"]) == ("test/accuracy", "SST-2 dev")
    assert float(row["size_mean"]) == 48.08
    assert row["drop_mean"] == ""


def test_csv_of_a_sweep_has_its_settings(tmp_path: Path) -> None:
    runs = collect_runs([write_sweep(tmp_path, 60)])
    rows = rows_of(write_csv(runs, tmp_path / "table.csv"))
    assert sum(int(row["runs"]) for row in rows) == 60
    assert {row["quant.embedding_bits"] for row in rows} == {"8", "4"}


def test_csv_cells_are_no_formulas(tmp_path: Path) -> None:
    for text in ("=1+1", "+1", "-1", "@x", "\t=1"):
        runs = seeds(task=text, method=text)
        (row,) = rows_of(write_csv(runs, tmp_path / "table.csv"))
        assert row["task"] == row["method"] == f"'{text}"


def test_latex_is_a_booktabs_table(tmp_path: Path) -> None:
    text = write_latex(seeds(), tmp_path / "table.tex").read_text()
    assert text.startswith(r"\begin{tabular}{l")
    for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}"):
        assert rule in text
    assert r"0.9200 $\pm$ 0.0265" in text
    assert "48.08" in text
    body = [line for line in text.splitlines() if line.count("&") > 1]
    assert len({line.replace(r"\&", "").count("&") for line in body}) == 1


def test_latex_obeys_no_text(tmp_path: Path) -> None:
    runs = seeds(method=r"\input{x}_%$&#~^", task="a\nb")
    text = write_latex(runs, tmp_path / "table.tex").read_text()
    escaped = r"\textbackslash{}input\{x\}\_\%\$\&\#\textasciitilde{}"
    assert escaped + r"\textasciicircum{}" in text
    assert r"\emph{a b: accuracy on SST-2 dev}" in text


def test_no_run_is_an_empty_table(tmp_path: Path) -> None:
    assert rows_of(write_csv([], tmp_path / "table.csv")) == []
    assert r"\bottomrule" in write_latex([], tmp_path / "table.tex").read_text()
