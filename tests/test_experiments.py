"""Every published table of ours stands in the records kept beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbert_lightning.report import collect_runs, markdown_table
from qbert_lightning.tracking import RunRecord

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"
STUDIES = sorted({path.parents[2] for path in EXPERIMENTS.glob("*/results/*/run.json")})
BENCHMARKS = sorted(EXPERIMENTS.glob("*/results/*/bench.json"))


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.name)
def test_the_table_is_that_of_the_records(study: Path) -> None:
    table = markdown_table(collect_runs([study / "results"])).strip()
    assert table
    assert table in (study / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.name)
def test_records_say_how_they_were_made(study: Path) -> None:
    for path in sorted(study.glob("results/*/run.json")):
        record = RunRecord.read(path.parent)
        assert record.status == "finished"
        assert record.environment["git_commit"]
        assert record.environment["hardware"]["cpu"]
        assert record.data["fingerprint"]
        assert record.splits["test"]


def cells(line: str) -> list[str]:
    """The cells of a Markdown table's row; one that no table has, for other lines."""
    if not line.startswith("| "):
        return ["no table"]
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.parent.name)
def test_benchmarks_say_what_was_measured(path: Path) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    readme = (path.parents[2] / "README.md").read_text(encoding="utf-8").splitlines()
    columns = record["table"]["columns"]
    heads = [head for line in readme if set(head := cells(line)) <= set(columns)]
    shown = [dict(zip(columns, row, strict=True)) for row in record["table"]["rows"]]
    assert shown
    for row in shown:
        lines = [f"| {' | '.join(row[name] for name in head)} |" for head in heads]
        assert set(lines) & set(readme), f"no table shows {row}"
    assert record["environment"]["git_commit"]


def test_there_are_studies() -> None:
    assert STUDIES
    assert BENCHMARKS
