from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbert_lightning.datamodules import QuestionRow, SquadDataModule
from qbert_lightning.errors import QbertError

PARAGRAPH = {
    "context": "The cat is in Paris.",
    "qas": [
        {
            "id": "q1",
            "question": "Where?",
            "answers": [
                {"text": "Paris", "answer_start": 14},
                {"text": "in Paris", "answer_start": 11},
            ],
        }
    ],
}


def content(identifier: str = "q1", title: str = "A") -> dict[str, object]:
    question = {**PARAGRAPH["qas"][0], "id": identifier}
    return {"title": title, "paragraphs": [{**PARAGRAPH, "qas": [question]}]}


def write(folder: Path, train: object, dev: object) -> SquadDataModule:
    (folder / "train-v1.1.json").write_text(json.dumps({"data": train}))
    (folder / "dev-v1.1.json").write_text(json.dumps({"data": dev}))
    return SquadDataModule(str(folder))


def test_rows_and_names(tmp_path: Path) -> None:
    train = [content("t1", "A"), content("t2", "B")]
    data = write(tmp_path, train, [content()])
    assert data.rows() == {"train": 1, "val": 1, "test": 1}
    assert data.split_names["test"] == "SQuAD v1.1 dev"
    assert data.split_names["val"] == "50 % of SQuAD v1.1 train, held out"
    row = data.splits["test"].rows[0]
    assert isinstance(row, QuestionRow)
    assert row.answers == ("Paris", "in Paris")
    assert row.starts == (14, 11)


@pytest.mark.parametrize(
    ("article", "message"),
    [
        ({"title": "A"}, "question 1: KeyError 'paragraphs'"),
        ({"paragraphs": [{"context": "x"}]}, "question 1: KeyError 'qas'"),
        ({"paragraphs": [{**PARAGRAPH, "context": None}]}, "TypeError None is no text"),
        ({"paragraphs": [{**PARAGRAPH, "context": "\ud800"}]}, "UnicodeEncodeError"),
        ({"paragraphs": [{**PARAGRAPH, "context": "x"}]}, "answer 'Paris' at charac"),
    ],
)
def test_bad_questions_are_named(
    tmp_path: Path, article: dict[str, object], message: str
) -> None:
    with pytest.raises(QbertError, match=message) as error:
        write(tmp_path, [content("t1"), content("t2", "B")], [article]).prepare_data()
    assert error.value.code == 4
    assert "dev-v1.1.json" in str(error.value)


def test_broken_json_is_named(tmp_path: Path) -> None:
    data = write(tmp_path, [], [])
    (tmp_path / "train-v1.1.json").write_text("{")
    with pytest.raises(QbertError, match=r"train-v1\.1\.json: .* accepted SQuAD"):
        data.prepare_data()


@pytest.mark.real_data
def test_real_files(shared_data: Path) -> None:
    data = SquadDataModule(str(shared_data))
    counts = data.rows()
    assert counts["train"] + counts["val"] == 87599
    assert counts["test"] == 10570
    assert 1000 < counts["val"] < 2500
