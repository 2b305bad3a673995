"""Writing a file so that it is either the old one or the whole new one."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write the file `path` anew, surviving a crash at any moment.

    What is written goes to a temporary file in the same folder. When the context ends
    it reaches the disk and takes the name in one step; then the folder itself reaches
    the disk. The folder is made if it is missing. On an error the old file stays and
    the temporary one goes; what a killed process left goes with the next writing.

    Args:
        path: The file to write.

    Yields:
        Where to write.

    Raises:
        OSError: If the folder cannot be written.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    remove_temporaries(path)
    descriptor, temporary = _locked_temporary(path)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            give_usual_mode(stream.fileno())
            os.fsync(stream.fileno())
            temporary.replace(path)  # before the lock ends with the stream
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def remove_temporaries(path: Path) -> None:
    """Remove what killed writers of `path` left; who is writing now is not disturbed.

    Args:
        path: The file that was to be written.
    """
    for left in path.parent.glob(f"{glob.escape(_temporary_prefix(path))}*"):
        # Held by a living writer, gone by now, or not ours to remove.
        with contextlib.suppress(OSError), left.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def write_bytes(path: Path, content: bytes) -> None:
    """Replace the file `path` by `content`; see `replacing`.

    Args:
        path: The file to write.
        content: What it shall hold.

    Raises:
        OSError: If the folder cannot be written.
    """
    with replacing(path) as stream:
        stream.write(content)


def write_text(path: Path, text: str) -> None:
    """Replace the file `path` by `text` in UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def give_usual_mode(file: Path | int) -> None:
    """Let those read a file who may read what this process writes by `open`.

    Files that begin as temporary ones, as those of safetensors do, are for their owner
    alone.

    Args:
        file: Its path, or a descriptor of it.
    """
    os.chmod(file, 0o666 & ~_umask())


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` reach the disk.

    Args:
        folder: A folder in which files were made, renamed or removed.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked_temporary(path: Path) -> tuple[int, Path]:
    """A new temporary file for `path`, locked for as long as it is open.

    The lock tells the living from the dead: the system gives up that of a killed
    process.
    """
    while True:
        prefix = _temporary_prefix(path)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        temporary = Path(name)
        if temporary.exists():
            return descriptor, temporary
        os.close(descriptor)  # taken for a remainder before it was locked


def _temporary_prefix(path: Path) -> str:
    return f".{path.name}.tmp."


def _umask() -> int:
    # The process's mask can only be read by setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
