"""Tensors in a safetensors file that can tell whether it is intact.

The file's metadata holds a SHA-256 digest of every tensor and of the companion files,
and is itself covered by a digest of the digests. Nothing is unpickled, ever, and
nothing is allocated from a size that was not compared with the file's length before.
``FORMAT.md`` describes it byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from qbert_lightning.errors import DATA, FAILED, QbertError
from qbert_lightning.export.companions import read_companions
from qbert_lightning.export.digest import file_digest, tensor_digest
from qbert_lightning.export.header import Entry, Header, read_header
from qbert_lightning.export.strict_json import strict_json
from qbert_lightning.tracking.durable import give_usual_mode

FORMAT = "qbert-lightning"
VERSION = "2"
WITHOUT_TOKENIZER = "1"  # an earlier version, whose list did not cover the tokenizer
VERSIONS = (WITHOUT_TOKENIZER, VERSION)


@dataclass(frozen=True)
class Container:
    """What `read_container` found intact.

    Attributes:
        path: The safetensors file.
        tensors: Name → tensor.
        files: Companion's name → content.
    """

    path: Path
    tensors: dict[str, Tensor]
    files: dict[str, bytes]


@dataclass(frozen=True)
class _Digests:
    tensors: Mapping[str, str]
    files: Mapping[str, str]


def write_container(
    path: Path, tensors: Mapping[str, Tensor], companions: Sequence[str] = ()
) -> None:
    """Write tensors with their digests.

    Args:
        path: The safetensors file to write.
        tensors: Name → tensor.
        companions: Names of files beside it that belong to it; already written.

    Raises:
        QbertError: If a tensor holds what no reader would accept (code 1).
    """
    contents = {
        name: each.detach().cpu().contiguous() for name, each in tensors.items()
    }
    for name, tensor in contents.items():
        _check_values(name, tensor, str(path), FAILED)
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
    give_usual_mode(path)


def read_container(path: Path) -> Container:
    """Read tensors back and check everything about them.

    Args:
        path: A file that `write_container` wrote.

    Raises:
        QbertError: If the file or a companion is missing or altered (code 4).
    """
    if not path.is_file():
        raise QbertError(f"{path}: no such file", DATA)
    with path.open("rb") as file:
        size = path.stat().st_size
        header = read_header(file, size, str(path))
        digests = _digests(path, header)
        files = read_companions(
            path.parent,
            digests.files,
            complete=header.metadata["version"] != WITHOUT_TOKENIZER,
        )
        body = bytearray(size - header.num_bytes)
        if file.readinto(body) != len(body):
            raise QbertError(f"{path}: shorter than {size} bytes", DATA)
    tensors = {name: _tensor(body, entry) for name, entry in header.entries.items()}
    for name, tensor in tensors.items():
        if tensor_digest(name, tensor) != digests.tensors[name]:
            raise QbertError(f"{path}: tensor {name!r}: altered since export", DATA)
        _check_values(name, tensor, str(path), DATA)
    return Container(path, tensors, files)


def _tensor(body: bytearray, entry: Entry) -> Tensor:
    """A view of the bytes that a tensor has in the file."""
    if entry.start == entry.stop:
        return torch.empty(entry.shape, dtype=entry.dtype)
    count = (entry.stop - entry.start) // entry.dtype.itemsize
    flat = torch.frombuffer(body, dtype=entry.dtype, count=count, offset=entry.start)
    return flat.reshape(entry.shape)


def _check_values(name: str, tensor: Tensor, source: str, code: int) -> None:
    """Floats are finite, counters count from zero."""
    if not tensor.numel() or tensor.dtype == torch.uint8:
        return
    lowest, highest = torch.aminmax(tensor)  # either is NaN if any value is
    if tensor.is_floating_point():
        if not (lowest.isfinite() and highest.isfinite()):
            raise QbertError(
                f"{source}: tensor {name!r} holds NaN or infinity: accepted finite "
                "values",
                code,
            )
    elif lowest < 0:
        raise QbertError(
            f"{source}: tensor {name!r} holds {int(lowest)}: accepted counts from 0",
            code,
        )


def _digests(path: Path, header: Header) -> _Digests:
    """The list of digests, after its own digest, for exactly the tensors there are."""
    metadata = header.metadata
    if metadata.get("format") != FORMAT or metadata.get("version") not in VERSIONS:
        raise QbertError(
            f"{path}: format {metadata.get('format')!r:.50} version "
            f"{metadata.get('version')!r:.50}: accepted {FORMAT!r} version "
            f"{' or '.join(VERSIONS)}",
            DATA,
        )
    text = metadata.get("digests", "").encode()
    if hashlib.sha256(text).hexdigest() != metadata.get("seal"):
        raise QbertError(f"{path}: its list of digests was altered", DATA)
    found = strict_json(text, f"{path}: list of digests")
    if (
        not isinstance(found, dict)
        or set(found) != {"tensors", "files"}
        or not all(isinstance(each, dict) for each in found.values())
    ):
        raise QbertError(
            f"{path}: list of digests: accepted an object of tensors and files", DATA
        )
    digests = _Digests(found["tensors"], found["files"])
    if set(digests.tensors) != set(header.entries):
        raise QbertError(f"{path}: its tensors are not those of its list", DATA)
    return digests
