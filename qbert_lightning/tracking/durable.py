"""Writing a file so that it is either the old one or the whole new one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_bytes(path: Path, content: bytes) -> None:
    """Replace the file `path` by `content`, surviving a crash at any moment.

    The bytes go to a temporary file in the same folder, reach the disk, and take the
    name in one step; then the folder itself reaches the disk. The folder is made if
    it is missing. On an error the old file stays and the temporary one goes.

    Args:
        path: The file to write.
        content: What it shall hold.

    Raises:
        OSError: If the folder cannot be written.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.tmp.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), 0o666 & ~_umask())
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def write_text(path: Path, text: str) -> None:
    """Replace the file `path` by `text` in UTF-8; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


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


def _umask() -> int:
    # The process's mask can only be read by setting it.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
