"""Printed scores, against what the papers' tables say of themselves."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest

from qbert_lightning.report.markdown import markdown_table
from qbert_lightning.report.published import FILE, published
from qbert_lightning.report.run import Run
from qbert_lightning.report.table import write_csv, write_latex
from tests.report.run_folders import record

DOCUMENT = json.loads((files("qbert_lightning.report") / FILE).read_text("utf-8"))
# Relative drops in percent that the paper's own table prints beside the scores.
Q8BERT_DROPS = {
    "cola/matthews": 0.00,
    "mrpc/f1": 0.49,
    "qnli/accuracy": -0.35,
    "qqp/f1": -0.14,
    "rte/accuracy": 1.32,
    "sst2/accuracy": 0.13,
    "stsb/pearson": 0.65,
    "squad_v1/f1": 0.81,
}


@pytest.mark.parametrize(("key", "percent"), Q8BERT_DROPS.items())
def test_drops_are_those_that_the_paper_prints(key: str, percent: float) -> None:
    own, quantized = (
        one for one in published(*key.split("/")) if one.paper == "Q8BERT"
    )
    assert quantized.drop == pytest.approx(own.score - quantized.score)
    assert 100 * quantized.drop / own.score == pytest.approx(percent, abs=0.011)


def test_sizes_are_those_of_the_parameters_of_bert_base() -> None:
    encoder, embeddings = 85_054_464, 23_835_648
    sized = [one for one in published("sst2", "accuracy") if one.size_mb]
    assert len(sized) == 2
    for one in sized:
        bits = encoder * one.weight_bits + embeddings * one.embedding_bits
        assert one.size_mb == pytest.approx(bits / 8 / 2**20, abs=0.011)


def test_every_result_says_where_it_stands_and_is_a_score() -> None:
    for result in DOCUMENT["results"]:
        paper = DOCUMENT["papers"][result["paper"]]
        assert paper["evidence"] in ("primary", "secondary")
        assert all(paper[key] for key in ("reference", "table", "model"))
        assert all(0 < score <= 100 for score in result["scores"].values())
        for key in result["scores"]:
            for one in published(*key.split("/")):
                assert one.label.startswith("published, BERT-base: ")


def test_an_unknown_task_or_metric_has_none() -> None:
    assert published("sst2", "f1") == []
    assert published("synthetic", "accuracy") == []


def test_tables_have_published_rows_only_when_asked(tmp_path: Path) -> None:
    runs = [Run.from_record(Path("x"), record())]
    label = "published, BERT-base: Q8BERT quantization-aware"
    for write in (write_csv, write_latex):
        assert label not in write(runs, tmp_path / "plain").read_text("utf-8")
        text = write(runs, tmp_path / "both", published=True).read_text("utf-8")
        (row,) = [line for line in text.splitlines() if label in line]
        assert "0.9224" in row
        assert "0.0012" in row
    assert "published" not in markdown_table(runs)
    ours, *printed = [
        line
        for line in markdown_table(runs, published=True).splitlines()
        if "| 8" in line or "sst2-qbert" in line
    ]
    assert "published" not in ours
    assert [line.startswith("| published, BERT-base: ") for line in printed] == [
        True
    ] * len(printed)
    (row,) = [line for line in printed if "Q8BERT" in line]
    assert "| 92.24 | 0.12 | – | – |" in row


def test_columns_of_every_row_are_as_many_as_heads(tmp_path: Path) -> None:
    runs = [Run.from_record(Path("x"), record())]
    lines = markdown_table(runs, published=True).splitlines()
    assert {line.count("|") for line in lines if line.startswith("|")} == {8}
    text = write_csv(runs, tmp_path / "a.csv", published=True).read_text("utf-8")
    import csv

    rows = list(csv.reader(text.splitlines()))
    assert len({len(row) for row in rows}) == 1
