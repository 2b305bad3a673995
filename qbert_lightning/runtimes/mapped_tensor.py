"""A tensor that lies in its file, and in memory only where it is being read."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np

from qbert_lightning.export.header import read_header


class MappedTensor:
    """The bytes of a tensor in a safetensors file, mapped into memory.

    Pages come from the file when they are first read, and the system may drop them and
    read them again. The file must not be written to as long as this lives; to put
    another in its place is safe.

    Args:
        file: One whose digests were checked.
        name: Of the tensor.

    Attributes:
        bytes: uint8, all there are; valid as long as the object.
    """

    def __init__(self, file: Path, name: str) -> None:
        with file.open("rb") as opened:
            header = read_header(opened, file.stat().st_size, str(file))
            # Not ACCESS_READ: OpenVINO takes no memory that it could not write to.
            self._pages = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
        entry = header.entries[name]
        start, count = header.num_bytes + entry.start, entry.stop - entry.start
        self.bytes = np.frombuffer(self._pages, np.uint8, count, start)

    def give_back(self) -> None:
        """Let go of the pages read so far, where the system can be told."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._pages.madvise(mmap.MADV_DONTNEED)
