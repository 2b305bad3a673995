"""Reading text files line by line, naming what is wrong and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from qbert_lightning.errors import QbertError


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of a UTF-8 file with their numbers, counted from 1.

    Only the line feed ends a line: other separators of Unicode are text. A byte
    order mark is dropped.

    Raises:
        QbertError: (code 4) a missing file, bytes that are not UTF-8, or NUL.
    """
    if not path.is_file():
        present = sorted(p.name for p in path.parent.glob("*")) or ["nothing"]
        raise QbertError(
            f"{path}: no such file: the folder has {', '.join(present[:8])}", code=4
        )
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n")
    for number, raw in enumerate(data.split(b"\n"), start=1):
        try:
            line = raw.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError as error:
            raise QbertError(
                f"{path}: line {number} is not UTF-8 ({error.reason}): accepted UTF-8 "
                "text",
                code=4,
            ) from error
        if "\0" in line:
            raise QbertError(
                f"{path}: line {number} holds a NUL character: accepted text", code=4
            )
        yield number, line


def read_columns(
    path: Path, columns: Sequence[str | int], max_bad_rows: int = 0
) -> tuple[list[tuple[int, list[str]]], int]:
    """Chosen columns of a tab-separated file; quotes have no meaning.

    Args:
        path: the file.
        columns: names of the header line; or positions, for a file without header.
        max_bad_rows: rows with too few columns to leave out before giving up.

    Returns:
        Line number and values of each row, and how many rows were left out.

    Raises:
        QbertError: (code 4) a missing file or column, or too many bad rows.
    """
    lines = read_lines(path)
    positions = [column for column in columns if isinstance(column, int)]
    if not positions:
        header = next(lines, (1, ""))[1].split("\t")
        positions = [_position(path, header, str(column)) for column in columns]
    rows: list[tuple[int, list[str]]] = []
    bad = 0
    for number, line in lines:
        fields = line.split("\t")
        if len(fields) > max(positions):
            rows.append((number, [fields[position] for position in positions]))
            continue
        bad += 1
        if bad > max_bad_rows:
            raise QbertError(
                f"{path}: line {number} has {len(fields)} tab-separated columns: "
                f"accepted at least {max(positions) + 1} "
                f"(max_bad_rows={max_bad_rows} such lines are left out)",
                code=4,
            )
    return rows, bad


def _position(path: Path, header: Sequence[str], column: str) -> int:
    """Position of a named column."""
    if column not in header:
        raise QbertError(
            f"{path}: no column {column!r}: the header has {', '.join(header)[:120]}",
            code=4,
        )
    return list(header).index(column)
