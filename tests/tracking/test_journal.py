from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.tracking import Journal


def test_rows_come_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "rows.jsonl")
    assert journal.rows() == []
    rows = [{"a": 1}, {"a": float("inf")}, {"a": "line\nbreak é"}]
    for row in rows:
        journal.append(row)
    assert Journal(journal.path).rows() == rows
    journal.remove()
    journal.remove()
    assert journal.rows() == []


@pytest.mark.parametrize("cut", range(1, 14))
def test_a_row_cut_off_anywhere_is_forgotten(tmp_path: Path, cut: int) -> None:
    journal = Journal(tmp_path / "rows.jsonl")
    journal.append({"a": 1})
    journal.append({"a": "é twice"})
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[:-cut])
    assert journal.rows() == [{"a": 1}]
    journal.append({"a": 3})
    assert journal.rows() == [{"a": 1}, {"a": 3}]


def test_what_is_no_row_ends_them(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n[2]\n{"a": 3}\n')
    assert Journal(path).rows() == [{"a": 1}]
