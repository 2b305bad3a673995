"""The command line of predict, checked before anything is loaded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.predict.options import read_options


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a model's folder and some input."""
    (tmp_path / "model").mkdir()
    (tmp_path / "rows.jsonl").write_text("{}\n")
    (tmp_path / "rows.txt").write_text("a\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_texts_are_taken_as_they_are() -> None:
    options = read_options(["model", "a film", "--top-k", "2", " -5\n"])
    assert options.folder == "model"
    assert options.texts == ("a film", " -5\n")
    assert options.top_k == 2


@pytest.mark.parametrize(
    ("arguments", "source", "is_jsonl"),
    [
        ([], "-", False),
        (["-"], "-", False),
        (["--jsonl"], "-", True),
        (["--input", "rows.txt"], "rows.txt", False),
        (["--input", "rows.jsonl"], "rows.jsonl", True),
    ],
)
def test_input_comes_from_one_place(
    arguments: list[str], source: str, is_jsonl: bool
) -> None:
    options = read_options(["model", *arguments])
    assert options.texts == ()
    assert (options.source, options.is_jsonl) == (source, is_jsonl)


@pytest.mark.parametrize(
    ("arguments", "on_terminal", "elsewhere"),
    [
        ([], False, True),
        (["--json"], True, True),
        (["--lines"], False, False),
        (["--output", "answers"], True, True),
    ],
)
def test_people_get_lines_and_programs_json(
    arguments: list[str],
    on_terminal: bool,
    elsewhere: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert read_options(["model", "x", *arguments]).as_json is on_terminal
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert read_options(["model", "x", *arguments]).as_json is elsewhere


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "FOLDER"),
        (["nowhere", "x"], "nowhere"),
        (["rows.txt", "x"], "rows.txt"),
        (["n" * 300, "x"], "no such folder"),
        (["", "x"], "no such folder"),
        (["./owner/name", "x"], "./owner/name: no such folder"),
        (["owner/name/", "x"], "owner/name/: no such folder"),
        (["~nobody-at-all/model", "x"], "no such folder"),
        (["model", ""], "TEXT"),
        (["model", " \n"], "TEXT"),
        (["model", "\udcff"], "UTF-8"),
        (["model", "--question", ""], "TEXT"),
        (["model", "x", "--wat"], "--wat"),
        (["model", "x", "--js"], "--js"),
        (["model", "x", "--top-k", "0"], "--top-k"),
        (["model", "x", "--top-k=-1"], "--top-k"),
        (["model", "x", "--batch-size", "many"], "--batch-size"),
        (["model", "x", "--max-length", "9" * 5000], "--max-length"),
        (["model", "x", "--runtime", "abacus"], "packed"),
        (["model", "x", "--json", "--lines"], "--json"),
        (["model", "x", "-"], "not both"),
        (["model", "x", "--input", "rows.txt"], "not both"),
        (["model", "x", "--jsonl"], "not both"),
        (["model", "--input", "nowhere.txt"], "nowhere.txt"),
        (["model", "--input", "model"], "model"),
        (["model", "--output", "model"], "model"),
        (["model", "--output", "nowhere/answers"], "nowhere"),
        (["model", "--input", "rows.txt", "--output", "./rows.txt"], "rows.txt"),
    ],
)
def test_other_commands_are_usage_errors(arguments: list[str], named: str) -> None:
    with pytest.raises(QbertError) as caught:
        read_options(arguments)
    assert caught.value.code == 2
    assert named in str(caught.value)
