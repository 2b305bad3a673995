from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from qbert_lightning.datamodules import GlueDataModule, SentenceRow
from qbert_lightning.datamodules import hub as hub_module
from qbert_lightning.errors import QbertError

# Two rows in the layout of the official download, and what they mean.
OFFICIAL = {
    "sst2": ("SST-2", "sentence\tlabel", "fine\t1", SentenceRow("fine", None, 1)),
    "cola": ("CoLA", None, "gj04\t0\t*\tCat the.", SentenceRow("Cat the.", None, 0)),
    "mrpc": (
        "MRPC",
        "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String",
        '1\t70\t71\tHe said "no.\tHe denied.',
        SentenceRow('He said "no.', "He denied.", 1),
    ),
    "stsb": (
        "STS-B",
        "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\t"
        "sentence2\tscore",
        "0\tm\tf\t2012\t1\tnone\tnone\tA plane.\tAn air plane.\t3.800",
        SentenceRow("A plane.", "An air plane.", 3.8),
    ),
    "qqp": (
        "QQP",
        "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate",
        "1\t2\t3\tWhy?\tHow?\t0",
        SentenceRow("Why?", "How?", 0),
    ),
    "qnli": (
        "QNLI",
        "index\tquestion\tsentence\tlabel",
        "0\tWhen?\tIn 1990.\tnot_entailment",
        SentenceRow("When?", "In 1990.", 1),
    ),
    "rte": (
        "RTE",
        "index\tsentence1\tsentence2\tlabel",
        "0\tA.\tB.\tentailment",
        SentenceRow("A.", "B.", 0),
    ),
    "mnli": (
        "MNLI",
        "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\t"
        "sentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\t"
        "sentence2\tlabel1\tgold_label",
        "0\t1\t1n\tfiction\t( a )\t( b )\t(ROOT a)\t(ROOT b)\tA.\tB.\tneutral\t"
        "contradiction",
        SentenceRow("A.", "B.", 2),
    ),
}


def write_task(folder: Path, task: str, row: str | None = None) -> None:
    """Three equal rows in train and in each reported file."""
    title, header, good, _ = OFFICIAL[task]
    (folder / title).mkdir(parents=True)
    lines = [*([header] if header else []), good, good, row or good]
    for name in ("train", "dev", "dev_matched", "dev_mismatched"):
        path = folder / title / f"{name}.tsv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("task", OFFICIAL)
def test_official_layouts(tmp_path: Path, task: str) -> None:
    write_task(tmp_path, task)
    data = GlueDataModule(task, str(tmp_path))
    assert data.splits["test"].rows[0] == OFFICIAL[task][3]
    assert data.rows()["train"] == 2
    assert data.rows()["val"] == 1
    assert (data.labels is None) is (task == "stsb")


def test_mnli_reports_two_splits(tmp_path: Path) -> None:
    write_task(tmp_path, "mnli")
    data = GlueDataModule("mnli", str(tmp_path))
    assert data.test_names == ["matched", "mismatched"]
    assert data.split_names["test"] == "MNLI dev matched"
    assert data.split_names["test_mismatched"] == "MNLI dev mismatched"


def test_other_files_are_named_as_such(tmp_path: Path) -> None:
    write_task(tmp_path, "mnli")
    folder = tmp_path / "MNLI"
    (folder / "train.tsv").rename(folder / "train.substitute.tsv")
    data = GlueDataModule("mnli", str(tmp_path), train_file="train.substitute.tsv")
    assert data.split_names["train"] == (
        "MNLI train.substitute.tsv (not the official train.tsv) minus held-out rows"
    )


@pytest.mark.parametrize(
    ("task", "row", "message"),
    [
        ("sst2", "fine\t-1", "train.tsv: line 4 has label '-1': accepted 0, 1"),
        ("cola", "gj04\t2\t\tA cat.", "line 3 has label '2': accepted 0, 1"),
        ("rte", "0\tA.\tB.\tneutral", "'neutral': accepted entailment, not_entail"),
        ("stsb", "0\tm\tf\ty\t1\tn\tn\tA.\tB.\thigh", "'high': accepted a number"),
        ("stsb", "0\tm\tf\ty\t1\tn\tn\tA.\tB.\tnan", "nan: accepted a finite number"),
        ("qqp", "1\t2\t3\tWhy?", "line 4 has 4 tab-separated columns"),
        ("sst2", "\t1", "row 3 has an empty sentence"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, task: str, row: str, message: str) -> None:
    write_task(tmp_path, task, row)
    with pytest.raises(QbertError, match=message) as error:
        GlueDataModule(task, str(tmp_path)).prepare_data()
    assert error.value.code == 4
    assert "\n" not in str(error.value)


def test_broken_lines_can_be_left_out_and_are_counted(tmp_path: Path) -> None:
    write_task(tmp_path, "qqp", "1\t2\t3\tWhy?")
    data = GlueDataModule("qqp", str(tmp_path), max_bad_rows=1)
    assert data.split_names["test"] == "QQP dev, 1 bad rows left out"


def test_unknown_task_and_split_are_refused() -> None:
    with pytest.raises(QbertError, match=r"task\.data\.task=sst: accepted sst2, cola"):
        GlueDataModule("sst")
    with pytest.raises(QbertError, match=r"test_files\.dev: accepted test"):
        GlueDataModule("sst2", test_files={"dev": "dev.tsv"})


def test_hub_rows_and_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["entailment", "neutral", "contradiction"]
    features = datasets.Features(
        premise=datasets.Value("string"),
        hypothesis=datasets.Value("string"),
        label=datasets.ClassLabel(names=names),
    )
    rows = {"premise": ["A", "B"], "hypothesis": ["C", "D"], "label": [2, 0]}
    split = datasets.Dataset.from_dict(rows, features=features)
    keys = ("train", "validation_matched", "validation_mismatched")
    monkeypatch.setattr(
        datasets, "load_dataset", lambda *_, **__: dict.fromkeys(keys, split)
    )
    monkeypatch.setattr(hub_module, "host_answers", lambda _: True)
    data = GlueDataModule("mnli")
    assert list(data.splits["test"].rows) == [
        SentenceRow("A", "C", 2),
        SentenceRow("B", "D", 0),
    ]
    assert data.split_names["test"] == "MNLI dev matched"


def test_hub_labels_in_another_order_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    features = datasets.Features(
        sentence=datasets.Value("string"),
        label=datasets.ClassLabel(names=["positive", "negative"]),
    )
    split = datasets.Dataset.from_dict(
        {"sentence": ["A", "B"], "label": [0, 1]}, features=features
    )
    splits = {"train": split, "validation": split}
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: splits)
    monkeypatch.setattr(hub_module, "host_answers", lambda _: True)
    with pytest.raises(QbertError, match="accepted \\['negative', 'positive'\\]"):
        GlueDataModule("sst2").prepare_data()


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("task", "rows"), [("sst2", (67349, 872)), ("cola", (8551, 1043))]
)
def test_real_tasks(shared_data: Path, task: str, rows: tuple[int, int]) -> None:
    data = GlueDataModule(task, str(shared_data))
    counts = data.rows()
    assert (counts["train"] + counts["val"], counts["test"]) == rows
    assert counts["val"] == min(2000, int(0.02 * rows[0]))


@pytest.mark.real_data
def test_real_mnli_with_its_substitute(shared_data: Path) -> None:
    data = GlueDataModule(
        "mnli",
        str(shared_data),
        train_file="train.substitute.tsv",
        test_files={"mismatched": "dev_mismatched.sample1000.tsv"},
    )
    counts = data.rows()
    assert counts["train"] + counts["val"] == 57825
    assert (counts["test"], counts["test_mismatched"]) == (9815, 1000)
