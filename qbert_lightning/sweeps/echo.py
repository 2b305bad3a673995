"""Shows what a job prints, line by line, with its number before it."""

from __future__ import annotations

import sys
from pathlib import Path

MAX_READ = 1 << 20


class Echo:
    """Follows a job's file.

    Args:
        path: The file, which may not be there yet.
        mark: Put before each line.
    """

    def __init__(self, path: Path, mark: str) -> None:
        self.path = path
        self.mark = mark
        self._position = path.stat().st_size if path.is_file() else 0
        self._begun = b""

    def show(self, *, is_last: bool = False) -> None:
        """Print the lines that are new; the last time also one without its end."""
        text = self._begun + self._read()
        *lines, self._begun = text.split(b"\n")
        if is_last and self._begun:
            lines.append(self._begun)
            self._begun = b""
        for line in lines:
            # Of what overwrote itself on a terminal, the last state.
            shown = line.rpartition(b"\r")[2].decode("utf-8", "replace")
            sys.stdout.write(f"{self.mark}{shown}\n")
        if lines:
            sys.stdout.flush()

    def _read(self) -> bytes:
        if not self.path.is_file():
            return b""
        with self.path.open("rb") as file:
            file.seek(self._position)
            content = file.read(MAX_READ)
        self._position += len(content)
        return content
