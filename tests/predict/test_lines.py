"""Lines as they come: against `str.splitlines`, and when they come in pieces."""

from __future__ import annotations

import io

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.predict.lines import Line, read_lines

CONTENT = "one\n\nzwölf Boxkämpfer\r\nfour\u2028still four\x00\n東京"
LINES = ["one", "", "zwölf Boxkämpfer", "four\u2028still four\x00", "東京"]


class Pieces:
    """A stream that gives its bytes in pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)

    def read1(self, size: int, /) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def texts(groups: list[list[Line]]) -> list[str]:
    return [line.text for group in groups for line in group]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("end", ["", "\n"])
def test_pieces_make_no_difference(size: int, end: str) -> None:
    raw = (CONTENT + end).encode()
    pieces = [raw[i : i + size] for i in range(0, len(raw), size)]
    groups = list(read_lines(Pieces(*pieces), "x"))
    assert texts(groups) == LINES
    assert all(groups)
    places = [line.place for group in groups for line in group]
    assert places == [f"x: line {number}" for number in range(1, 6)]


def test_what_comes_together_is_given_together() -> None:
    stream = Pieces(b"a\nb\nc", b"c\n", b"d")
    groups = [[line.text for line in group] for group in read_lines(stream, "x")]
    assert groups == [["a", "b"], ["cc"], ["d"]]


def test_a_line_is_given_before_the_next_is_asked_for() -> None:
    stream = Pieces(b"a\n", b"b\n")
    assert texts([next(read_lines(stream, "x"))]) == ["a"]
    assert stream.pieces == [b"b\n"]


def test_a_byte_order_mark_is_no_text() -> None:
    raw = "\ufeffone\n\ufefftwo\n".encode()
    assert texts(list(read_lines(io.BytesIO(raw), "x"))) == ["one", "\ufefftwo"]


def test_nothing_has_no_lines() -> None:
    assert list(read_lines(io.BytesIO(b""), "x")) == []


def test_a_long_line_is_read_in_one_go() -> None:
    raw = b"x" * 5_000_000 + b"\nend"
    found = texts(list(read_lines(io.BytesIO(raw), "x")))
    assert [len(text) for text in found] == [5_000_000, 3]


def test_what_is_no_utf8_is_named_after_the_lines_before() -> None:
    groups = read_lines(io.BytesIO(b"one\ntwo\nb\xe4d\nfour\n"), "rows.txt")
    assert texts([next(groups)]) == ["one", "two"]
    with pytest.raises(
        QbertError, match=r"rows\.txt: line 3: byte 2 is no UTF-8"
    ) as no:
        next(groups)
    assert no.value.code == 4
