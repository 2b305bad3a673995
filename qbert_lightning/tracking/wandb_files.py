"""What W&B left on disk: the runs below a folder, and their rows."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from qbert_lightning.tracking.durable import write_text
from qbert_lightning.tracking.wandb_identity import FILE_NAME, is_held, stored_id

# Written here after an upload that was checked. W&B's own marker, `*.wandb.synced`, is
# written by 0.31 also when the server refused rows or files.
MARKER = "uploaded.json"
# Runs that were online are found too: their server may have gone away meanwhile.
_FOLDER = re.compile(r"(?:offline-)?run-\d{8}_\d{6}-(?P<id>[^/]+)")
_POSITION = frozenset({"epoch", "step"})

# A row as it is compared: its step and its keys.
Row = tuple[int, frozenset[str]]


@dataclass(frozen=True)
class WandbFolder:
    """One `offline-run-*` or `run-*` folder: what one process logged.

    Attributes:
        path: The folder.
        header: The run's project, entity, name and group; empty in a broken file.
        num_rows: Rows in its file, pictures and tables among them.
        rows: The rows of numbers.
    """

    path: Path
    header: Mapping[str, Any] = field(default_factory=dict)
    num_rows: int = 0
    rows: frozenset[Row] = frozenset()

    @property
    def is_uploaded(self) -> bool:
        """Whether it has the mark of a checked upload."""
        return (self.path / MARKER).is_file()

    @property
    def problem(self) -> str:
        """What the mark says the server refused beside the rows; empty if nothing."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            text = (self.path / MARKER).read_text(encoding="utf-8")
            return str(json.loads(text).get("problem", ""))
        return ""

    def mark(self, server: str, problem: str = "") -> None:
        """Note that all its rows are on the server, and what is not."""
        content = {"version": 1, "server": server, "rows": self.num_rows}
        if problem:
            content["problem"] = problem
        write_text(self.path / MARKER, json.dumps(content, allow_nan=False) + "\n")


@dataclass(frozen=True)
class StoredRun:
    """One run as W&B knows it: all folders with its id, the oldest first.

    Attributes:
        id: W&B's id of the run.
        folders: More than one if the run was stopped and resumed.
        home: The folder of our own run with that id, None if there is none.
    """

    id: str
    folders: Sequence[WandbFolder]
    home: Path | None

    @property
    def name(self) -> str:
        """The run's readable name, or its id if it is not known."""
        names = (folder.header.get("display_name") for folder in self.folders)
        return next((str(name) for name in names if name), self.id)

    @property
    def num_rows(self) -> int:
        """Rows in all its files."""
        return sum(folder.num_rows for folder in self.folders)

    @cached_property
    def readable(self) -> list[WandbFolder]:
        """The folders with something to upload."""
        return [folder for folder in self.folders if folder.header]

    @property
    def is_running(self) -> bool:
        """Whether a living process still logs to it."""
        return self.home is not None and is_held(self.home)

    @property
    def rows(self) -> frozenset[Row]:
        """The rows of numbers in all its files."""
        return frozenset().union(*(folder.rows for folder in self.folders))


def stored_runs(tops: Iterable[Path]) -> list[StoredRun]:
    """Every run of W&B's below some folders, in the order of their start.

    What is left of a start that a server refused is passed over.

    Args:
        tops: Folders to search, at any depth.
    """
    found: dict[str, list[WandbFolder]] = {}
    for path in sorted({one for top in tops for one in _folders(top.resolve())}):
        folder, match = read_folder(path), _FOLDER.fullmatch(path.name)
        if match is not None and (folder.num_rows or match[0].startswith("offline-")):
            found.setdefault(match["id"], []).append(folder)
    return [
        StoredRun(
            id=run_id,
            folders=sorted(
                folders, key=lambda each: each.path.name.removeprefix("offline-")
            ),
            home=next(
                _homes(run_id, (each.path.parent.parent for each in folders)), None
            ),
        )
        for run_id, folders in found.items()
    ]


def read_folder(path: Path) -> WandbFolder:
    """What is in a folder of W&B's, as far as its file can be read."""
    header: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for file in sorted(path.glob("*.wandb")):
        for entry in _entries(file):
            if entry.get("type") == "run":
                header = entry["run"]
            elif entry.get("type") == "history":
                rows.append(entry["history"].get("item") or {})
    keyed = {key for row in rows if (key := row_key(row)) is not None}
    return WandbFolder(path, header, len(rows), frozenset(keyed))


def row_key(row: Mapping[str, Any]) -> Row | None:
    """A row's step and keys; None for one of pictures and tables only.

    >>> row_key({"step": 3, "_runtime": 1.0, "loss": 0.5})
    (3, frozenset({'loss'}))
    >>> row_key({"step": 3, "plan._type": "table-file", "plan.path": "p"}) is None
    True
    """
    media = tuple(
        f"{key.removesuffix('._type')}." for key in row if key.endswith("._type")
    )
    keys = frozenset(
        key
        for key in row
        if key not in _POSITION
        and not key.startswith("_")
        and not (media and key.startswith(media))
    )
    return (int(row.get("step", 0)), keys) if keys else None


def _folders(top: Path) -> Iterator[Path]:
    for parent, children, _ in os.walk(top):
        if _FOLDER.fullmatch(Path(parent).name):
            children.clear()
            yield Path(parent)


def _homes(run_id: str, bases: Iterable[Path]) -> Iterator[Path]:
    """The folders of our own with a W&B id: a run's, or a job's of a sweep."""
    for base in dict.fromkeys(bases):
        for file in [base / FILE_NAME, *sorted(base.glob(f"*/{FILE_NAME}"))]:
            if stored_id(file.parent) == run_id:
                yield file.parent


def _entries(file: Path) -> Iterator[dict[str, Any]]:
    """The records of a `.wandb` file up to where it is cut short, read by W&B's tool.

    Raises:
        ImportError: If W&B is not installed.
    """
    found = find_spec("wandb")
    if found is None or found.origin is None:
        raise ImportError("wandb is not installed")
    tool = Path(found.origin).parent / "bin" / "wandb-core"
    command = [tool, "leet", "inspect", "--json", "--run-file", file]
    done = subprocess.run(command, capture_output=True, check=False)
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if line.startswith("{"):
            yield json.loads(line)
