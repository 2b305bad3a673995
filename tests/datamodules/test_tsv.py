from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.datamodules.tsv import read_columns, read_lines
from qbert_lightning.errors import QbertError


def write(folder: Path, content: bytes) -> Path:
    path = folder / "rows.tsv"
    path.write_bytes(content)
    return path


def test_quotes_and_unicode_separators_are_text(tmp_path: Path) -> None:
    text = 'sentence\tlabel\nhe said "no\t0\na\u2028b\u0085c\t1\n'
    rows, bad = read_columns(write(tmp_path, text.encode()), ["label", "sentence"])
    assert rows == [(2, ["0", 'he said "no']), (3, ["1", "a\u2028b\u0085c"])]
    assert bad == 0


def test_byte_order_mark_and_carriage_returns_are_dropped(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbfQuality\tx\r\n1\ty\r\n")
    assert read_columns(path, ["Quality", "x"])[0] == [(2, ["1", "y"])]


def test_positions_are_for_files_without_header(tmp_path: Path) -> None:
    path = write(tmp_path, b"gj04\t1\t\tA cat.\n")
    assert read_columns(path, [3, 1])[0] == [(1, ["A cat.", "1"])]


def test_short_rows_are_counted_up_to_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path, b"a\tb\n1\t2\n3\n4\t5\n")
    rows, bad = read_columns(path, ["a", "b"], max_bad_rows=1)
    assert (len(rows), bad) == (2, 1)
    with pytest.raises(QbertError, match="line 3 has 1 tab-separated columns") as error:
        read_columns(path, ["a", "b"])
    assert error.value.code == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\tb\n1\t\xff\n", "line 2 is not UTF-8"),
        (b"a\tb\n1\t\x00\n", "line 2 holds a NUL"),
        (b"x\ty\n1\t2\n", "no column 'a': the header has x, y"),
        (b"", "no column 'a'"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(QbertError, match=f"rows.tsv: {message}") as error:
        read_columns(write(tmp_path, content), ["a", "b"])
    assert error.value.code == 4


def test_missing_file_lists_its_folder(tmp_path: Path) -> None:
    write(tmp_path, b"")
    with pytest.raises(QbertError, match=r"no such file: the folder has rows\.tsv"):
        next(read_lines(tmp_path / "train.tsv"))
