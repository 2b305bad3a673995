"""The id of a folder's W&B run: kept in the folder, held by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from pathlib import Path
from typing import IO, Self

FILE_NAME = "wandb_run.json"


class RunIdentity:
    """A folder's W&B run id, held while the run is open.

    The same folder has the same id again after a kill, so that a resumed run goes on
    in the W&B run it began. The system gives up a dead process's hold. While another
    process holds the folder's id, this one gets a new id that is not kept.

    Args:
        folder: The run's folder; made if it is missing.

    Attributes:
        id: The id.

    Raises:
        OSError: If the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.id = _new_id()
        stream = (folder / FILE_NAME).open("a+", encoding="utf-8")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            self._stream: IO[str] | None = None
            return
        self._stream = stream
        stream.seek(0)
        self.id = _id_in(stream.read()) or _keep(stream, self.id)

    def renew(self) -> None:
        """Take a new id, in place of one that W&B failed to start a run with."""
        self.id = _new_id()
        if self._stream is not None:
            _keep(self._stream, self.id)

    def release(self) -> None:
        """Let others have it; a second call does nothing."""
        if self._stream is not None:
            # Closing would not do: forked workers hold the file open too.
            fcntl.flock(self._stream, fcntl.LOCK_UN)
            self._stream.close()
            self._stream = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def stored_id(folder: Path) -> str | None:
    """The id of the W&B run that `folder` belongs to, None if it never had one."""
    try:
        return _id_in((folder / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def is_held(folder: Path) -> bool:
    """Whether a living process has the W&B run of `folder` open."""
    try:
        stream = (folder / FILE_NAME).open(encoding="utf-8")
    except OSError:
        return False
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(stream, fcntl.LOCK_UN)
    return False


def _new_id() -> str:
    return secrets.token_hex(8)


def _id_in(text: str) -> str | None:
    """The id in the file's text; none in a file that a crash cut short."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    known = found.get("id") if isinstance(found, dict) else None
    return known if isinstance(known, str) and known.isalnum() else None


def _keep(stream: IO[str], run_id: str) -> str:
    # Written in place: a file renamed over this one would not have its lock.
    stream.truncate(0)
    stream.write(json.dumps({"id": run_id}, allow_nan=False) + "\n")
    stream.flush()
    os.fsync(stream.fileno())
    return run_id
