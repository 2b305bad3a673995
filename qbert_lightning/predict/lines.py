"""Lines of a stream as they come."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from qbert_lightning.errors import DATA, QbertError

AT_ONCE = 64 * 1024


class Line(NamedTuple):
    """A line of input.

    Attributes:
        place: where it stands, for messages, such as ``rows.jsonl: line 3``.
        text: without its end.
    """

    place: str
    text: str


class Stream(Protocol):
    """Bytes of which some may be there before the others."""

    def read1(self, size: int, /) -> bytes:
        """What is there, at most ``size`` bytes; waits for the first of them."""
        ...


def read_lines(stream: Stream, name: str) -> Iterator[list[Line]]:
    """All lines, those together that came together.

    So who writes line by line is answered line by line, and who writes a file at once
    is answered in large groups. A byte order mark and carriage returns at the ends of
    lines are left out; the last line need not end.

    Args:
        stream: UTF-8 bytes.
        name: of the stream, for messages.

    Yields:
        Lines, at least one.

    Raises:
        QbertError: (code 4) a line is no UTF-8; those before it have been yielded.
    """
    number = 0
    for raw_lines in _raw_lines(stream):
        lines: list[Line] = []
        for raw in raw_lines:
            number += 1
            raw = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
            place = f"{name}: line {number}"
            try:
                lines.append(Line(place, raw.removesuffix(b"\r").decode("utf-8")))
            except UnicodeDecodeError as error:
                if lines:
                    yield lines
                raise QbertError(
                    f"{place}: byte {error.start + 1} is no UTF-8: accepted UTF-8", DATA
                ) from error
        yield lines


def _raw_lines(stream: Stream) -> Iterator[list[bytes]]:
    """Complete lines of each reading; one that is not yet complete waits."""
    waiting: list[bytes] = []
    for piece in _pieces(stream):
        *complete, rest = piece.split(b"\n")
        if complete:
            complete[0] = b"".join([*waiting, complete[0]])
            yield complete
            waiting = []
        waiting.append(rest)
    if last := b"".join(waiting):
        yield [last]


def _pieces(stream: Stream) -> Iterable[bytes]:
    return iter(lambda: stream.read1(AT_ONCE), b"")
