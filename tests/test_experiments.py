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
    """The cells of a Markdown table's row, none for other lines."""
    if not line.startswith("| "):
        return []
    return [cell.strip() for cell in line.strip("|").split("|")]


def is_part(told: list[str], row: list[str]) -> bool:
    """Whether a table's row tells cells of a record's row, in order, most of them."""
    rest = iter(row)
    return len(told) > len(row) / 2 and all(cell in rest for cell in told)


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.parent.name)
def test_benchmarks_say_what_was_measured(path: Path) -> None:
    record = json.loads(path.read_text(encoding="utf-8"))
    readme = (path.parents[2] / "README.md").read_text(encoding="utf-8").splitlines()
    shown = [cells(line) for line in readme]
    assert record["table"]["rows"]
    for row in record["table"]["rows"]:
        assert any(is_part(told, row) for told in shown), f"no table shows {row}"
    assert record["environment"]["git_commit"]


def test_there_are_studies() -> None:
    assert STUDIES
    assert BENCHMARKS
