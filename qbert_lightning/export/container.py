"""Tensors in a safetensors file that can tell whether it is intact.

The file's metadata holds a SHA-256 digest of every tensor and of the companion files,
and is itself covered by a digest of the digests. Nothing is unpickled, ever.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from qbert_lightning.errors import DATA, QbertError
from qbert_lightning.export.digest import file_digest, tensor_digest

FORMAT = "qbert-lightning"
VERSION = "1"
MAX_HEADER_BYTES = 4 * 2**20


def write_container(
    path: Path, tensors: Mapping[str, Tensor], companions: Sequence[str] = ()
) -> None:
    """Write tensors with their digests.

    Args:
        path: The safetensors file to write.
        tensors: Name → tensor.
        companions: Names of files beside it that belong to it; already written.
    """
    contents = {
        name: each.detach().cpu().contiguous() for name, each in tensors.items()
    }
    digests = {
        "tensors": {name: tensor_digest(name, each) for name, each in contents.items()},
        "files": {name: file_digest(path.parent / name) for name in companions},
    }
    text = json.dumps(digests, sort_keys=True, allow_nan=False)
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "digests": text,
        "seal": hashlib.sha256(text.encode()).hexdigest(),
    }
    save_file(contents, path, metadata)


def read_container(path: Path) -> dict[str, Tensor]:
    """Read tensors back and check everything about them.

    Args:
        path: A file that `write_container` wrote.

    Raises:
        QbertError: If the file or a companion is missing or altered (code 4).
    """
    _check_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, OverflowError) as error:
        raise QbertError(
            f"{path}: not an intact safetensors file: {error}", DATA
        ) from error
    digests = _digests(path, metadata)
    if set(digests["tensors"]) != set(tensors):
        raise QbertError(f"{path}: its tensors are not those of its list", DATA)
    for name, tensor in tensors.items():
        if tensor_digest(name, tensor) != digests["tensors"][name]:
            raise QbertError(f"{path}: tensor {name!r} was altered", DATA)
    for name, digest in digests["files"].items():
        companion = path.parent / Path(name).name
        if not companion.is_file() or file_digest(companion) != digest:
            raise QbertError(f"{companion}: missing or altered since export", DATA)
    return tensors


def header_bytes(path: Path) -> int:
    """Bytes of a safetensors file that are not tensor data."""
    with path.open("rb") as file:
        return 8 + int(struct.unpack("<Q", file.read(8))[0])


def _check_header(path: Path) -> None:
    """Refuse a header that is longer than the file or than any we write."""
    if not path.is_file():
        raise QbertError(f"{path}: no such file", DATA)
    size = path.stat().st_size
    if size < 8 or header_bytes(path) > min(size, MAX_HEADER_BYTES):
        raise QbertError(
            f"{path}: header of an impossible length: accepted at most "
            f"{MAX_HEADER_BYTES} bytes",
            DATA,
        )


def _digests(path: Path, metadata: Mapping[str, str]) -> dict[str, dict[str, str]]:
    if metadata.get("format") != FORMAT or metadata.get("version") != VERSION:
        raise QbertError(
            f"{path}: accepted format {FORMAT} version {VERSION}, "
            f"got {metadata.get('format')!r} {metadata.get('version')!r}",
            DATA,
        )
    text = metadata.get("digests", "")
    if hashlib.sha256(text.encode()).hexdigest() != metadata.get("seal"):
        raise QbertError(f"{path}: its list of digests was altered", DATA)
    digests: dict[str, dict[str, str]] = json.loads(text)
    return digests
