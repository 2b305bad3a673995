"""The header of a safetensors file, believed only as far as it can be checked."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import torch

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export.strict_json import strict_json

MAX_FILE_BYTES = 8 * 2**30
MAX_HEADER_BYTES = 4 * 2**20
MAX_DIMENSIONS = 8
LENGTH_BYTES = 8
DTYPES = {"F32": torch.float32, "I64": torch.int64, "U8": torch.uint8}
NAME = re.compile(r"[A-Za-z0-9_.]{1,200}")


@dataclass(frozen=True)
class Entry:
    """Where a tensor lies.

    Attributes:
        dtype: Of its values.
        shape: Its sizes.
        start: First byte, counted from the end of the header.
        stop: The byte after its last one.
    """

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Header:
    """What a file says about itself; offsets and shapes agree with its length.

    Attributes:
        metadata: Free text by name.
        entries: Tensor name → where it lies, in the order of the file.
        num_bytes: Bytes before the first tensor.
    """

    metadata: Mapping[str, str]
    entries: Mapping[str, Entry]
    num_bytes: int


def header_bytes(path: Path) -> int:
    """Bytes of a safetensors file that are not tensor data."""
    with path.open("rb") as file:
        return _length(file.read(LENGTH_BYTES))


def read_header(file: BinaryIO, file_bytes: int, source: str) -> Header:
    """Read and check a header; allocates at most `MAX_HEADER_BYTES`.

    Args:
        file: Open at its beginning; is left at the first tensor.
        file_bytes: Length of the whole file.
        source: Name of the file, for messages.

    Raises:
        QbertError: If it is not the header of exactly this file (code 4).
    """
    if not LENGTH_BYTES <= file_bytes <= MAX_FILE_BYTES:
        raise QbertError(
            f"{source}: {file_bytes} bytes: accepted {LENGTH_BYTES} to "
            f"{MAX_FILE_BYTES}",
            DATA,
        )
    num_bytes = _length(file.read(LENGTH_BYTES))
    most = min(file_bytes, MAX_HEADER_BYTES)
    if num_bytes > most or num_bytes % LENGTH_BYTES:
        raise QbertError(
            f"{source}: header of {num_bytes} bytes: accepted a multiple of "
            f"{LENGTH_BYTES} up to {most}",
            DATA,
        )
    content = strict_json(file.read(num_bytes - LENGTH_BYTES), f"{source}: header")
    if not isinstance(content, dict):
        raise QbertError(f"{source}: header: accepted a JSON object", DATA)
    metadata = content.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(
        isinstance(each, str) for each in metadata.values()
    ):
        raise QbertError(f"{source}: header: accepted metadata of texts", DATA)
    entries = {name: _entry(name, each, source) for name, each in content.items()}
    entries = dict(sorted(entries.items(), key=lambda item: _place(item[1])))
    _check_layout(entries, file_bytes - num_bytes, source)
    return Header(metadata, entries, num_bytes)


def _length(first_bytes: bytes) -> int:
    return LENGTH_BYTES + int(struct.unpack("<Q", first_bytes)[0])


def _place(entry: Entry) -> tuple[int, int]:
    return entry.start, entry.stop


def _entry(name: str, described: Any, source: str) -> Entry:
    """Check one tensor's description, by itself."""
    where = f"{source}: tensor {name[:200]!r}"
    if not NAME.fullmatch(name):
        raise QbertError(f"{where}: accepted names of the form {NAME.pattern}", DATA)
    if not isinstance(described, dict) or set(described) != {
        "dtype",
        "shape",
        "data_offsets",
    }:
        raise QbertError(f"{where}: accepted dtype, shape and data_offsets", DATA)
    dtype, shape = described["dtype"], described["shape"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise QbertError(f"{where}: dtype {dtype!r:.50}: accepted {[*DTYPES]}", DATA)
    offsets = described["data_offsets"]
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != 2:
        raise QbertError(f"{where}: accepted a shape and two offsets from 0", DATA)
    start, stop = offsets
    num_bytes = prod(shape) * DTYPES[dtype].itemsize
    if stop - start != num_bytes:
        raise QbertError(
            f"{where}: {stop - start} bytes for {dtype} {shape}: accepted {num_bytes}",
            DATA,
        )
    return Entry(DTYPES[dtype], tuple(shape), start, stop)


def _are_sizes(values: Any) -> bool:
    return (
        isinstance(values, list)
        and len(values) <= MAX_DIMENSIONS
        and all(type(each) is int and 0 <= each <= MAX_FILE_BYTES for each in values)
    )


def _check_layout(entries: Mapping[str, Entry], data_bytes: int, source: str) -> None:
    """Tensors follow each other without gap or overlap, up to the end of the file."""
    position = 0
    for name, entry in entries.items():
        if entry.start != position or entry.start % entry.dtype.itemsize:
            raise QbertError(
                f"{source}: tensor {name!r}: begins at byte {entry.start}: accepted "
                f"{position}, a multiple of the value's size",
                DATA,
            )
        position = entry.stop
    if position != data_bytes:
        raise QbertError(
            f"{source}: tensors end at byte {position}: accepted {data_bytes}, the end "
            "of the file",
            DATA,
        )
