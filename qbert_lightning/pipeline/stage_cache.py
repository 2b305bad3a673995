"""Folders named by what they depend on, so that no stage is done twice."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from qbert_lightning.errors import DATA, FAILED, QbertError

MARKER = "stage.json"
HASH_LENGTH = 12
POLL_SECONDS = 0.2
Make = Callable[[Path], Mapping[str, Any] | None]
_TEMPORARY = re.compile(rf"([0-9a-f]{{{HASH_LENGTH}}})\.making-\d+")


@dataclass(frozen=True)
class Stage:
    """A finished stage.

    Attributes:
        folder: Where its files are.
        key: SHA-256 of what it depends on.
        reused: Whether it was there already.
        seconds: How long making it took, whenever that was; for a training that was
            stopped and resumed, the last part of it.
        resumed_at: Training steps at which it went on after it had been stopped.
    """

    folder: Path
    key: str
    reused: bool
    seconds: float
    resumed_at: tuple[int, ...] = ()


class StageCache:
    """Makes each stage once, however many processes ask for it.

    A stage is made in a temporary folder beside its place, under a lock, and renamed
    when complete; a folder with a marker is therefore always whole. What a killed
    process leaves is removed by the next one that looks, but for what the stage itself
    put into its `unfinished` folder to go on from: that stays until it is complete.

    Args:
        root: Folder of all stages; ``root/<name>/<first 12 digits of the key>``.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def stage(self, name: str, key: Mapping[str, Any], make: Make) -> Stage:
        """The stage of this name and key, made now if it is not there.

        Args:
            name: Kind of stage, such as ``finetune``.
            key: All that the result depends on, as JSON types.
            make: Fills the folder it is given; an exception leaves nothing behind. What
                it returns goes into the stage's marker.

        Raises:
            QbertError: (code 4) if another key has the same first digits.
        """
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(
                f"name={name!r}: accepted lower-case letters, digits and _"
            )
        digest = key_hash(key)
        folder = self.place(name, key)
        parent = folder.parent
        parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.unfinished(name, key)
        if (folder / MARKER).is_file() and not unfinished.exists():
            return _read(folder, digest, reused=True)
        with _locked(_lock_path(folder)):
            _remove_remains(parent, own=folder)
            reused = (folder / MARKER).is_file()  # another process may have made it
            if not reused:
                _make(folder, digest, key, make)
            if unfinished.exists():
                shutil.rmtree(unfinished)
        return _read(folder, digest, reused=reused)

    def place(self, name: str, key: Mapping[str, Any]) -> Path:
        """The folder of a stage, whether it is there or not."""
        return self.root / name / key_hash(key)[:HASH_LENGTH]

    def unfinished(self, name: str, key: Mapping[str, Any]) -> Path:
        """The folder in which a stage keeps what it needs to go on after a kill."""
        return self.place(name, key).with_suffix(".unfinished")

    def follow(
        self,
        name: str,
        key: Mapping[str, Any],
        join: Make | None,
        patience: float = 24 * 3600.0,
    ) -> Stage:
        """The stage that another process of the same distributed run makes.

        Args:
            name: Kind of stage.
            key: As the maker's.
            join: Takes part in making it, in a folder that is thrown away; `None` only
                waits.
            patience: Seconds to wait for the maker.

        Raises:
            QbertError: (code 1) if the stage does not come.
        """
        digest = key_hash(key)
        folder = self.place(name, key)
        if (folder / MARKER).is_file():
            return _read(folder, digest, reused=True)
        if join is not None:
            with tempfile.TemporaryDirectory() as scratch:
                join(Path(scratch))
        give_up = time.monotonic() + patience
        while not (folder / MARKER).is_file():
            if time.monotonic() > give_up:
                raise QbertError(f"{folder}: not made in {patience:g} s", FAILED)
            time.sleep(POLL_SECONDS)
        return _read(folder, digest, reused=False)


def key_hash(key: Mapping[str, Any]) -> str:
    """SHA-256 of a key, the same for equal keys in any order.

    >>> key_hash({"a": 1, "b": 2}) == key_hash({"b": 2, "a": 1})
    True
    """
    text = json.dumps(key, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _make(folder: Path, digest: str, key: Mapping[str, Any], make: Make) -> None:
    """Fill a temporary folder, write its marker last, and rename it into place."""
    temporary = folder.with_name(f"{folder.name}.making-{os.getpid()}")
    temporary.mkdir()
    try:
        begin = time.monotonic()
        facts = make(temporary) or {}
        seconds = round(time.monotonic() - begin, 3)
        marker = {"version": 1, "hash": digest, "seconds": seconds, "key": key, **facts}
        text = json.dumps(marker, indent=1, allow_nan=False)
        (temporary / MARKER).write_text(f"{text}\n", encoding="utf-8")
        _synchronize(temporary)
        temporary.rename(folder)
        _synchronize_one(folder.parent)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)


def _read(folder: Path, digest: str, *, reused: bool) -> Stage:
    marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    if marker["hash"] != digest:
        raise QbertError(
            f"{folder}: holds a stage with another key ({marker['hash']}): remove it",
            code=DATA,
        )
    resumed_at = tuple(marker.get("resumed_at", ()))
    return Stage(folder, digest, reused, marker["seconds"], resumed_at)


def _lock_path(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


@contextmanager
def _locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a file, which the system gives up for a dead process.

    Waiting is asking again and again: a process that sleeps in the kernel for hours
    would look dead to whoever watches it.
    """
    with path.open("a") as file:
        while not _lock(file):
            if not wait:
                yield False
                return
            time.sleep(POLL_SECONDS)
        try:
            yield True
        finally:  # closing would not do: forked loader workers hold the file open too
            fcntl.flock(file, fcntl.LOCK_UN)


def _lock(file: IO[str]) -> bool:
    """Take a file's lock if it is free."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_remains(parent: Path, own: Path) -> None:
    """Remove half-made folders that no living process is making.

    Called under the lock of ``own``, so whatever stands in its place is a remainder;
    those of other stages are remainders if their lock is free.
    """
    if own.exists() and not (own / MARKER).is_file():
        shutil.rmtree(own)
    for path in parent.iterdir():
        found = _TEMPORARY.fullmatch(path.name)
        if found is None:
            continue
        if found.group(1) == own.name:
            shutil.rmtree(path)
            continue
        with _locked(parent / f"{found.group(1)}.lock", wait=False) as is_free:
            if is_free:
                shutil.rmtree(path, ignore_errors=True)


def _synchronize(folder: Path) -> None:
    """Ask the system to put every file below ``folder`` on disk."""
    for root, _, files in os.walk(folder, topdown=False):
        for name in files:
            _synchronize_one(Path(root, name))
        _synchronize_one(Path(root))


def _synchronize_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
