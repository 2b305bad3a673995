"""A packed folder taken apart, to be put together again with digests that are right."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.companions import DECIDING

WORDS = {"F32": "float32", "I64": "int64", "U8": "uint8"}
SIZES = {"F32": 4, "I64": 8, "U8": 1}


@dataclass
class Part:
    """A tensor: what its header says, and its bytes."""

    dtype: str
    shape: list[int]
    content: bytes

    @property
    def is_true(self) -> bool:
        """Whether type and shape are those of the bytes."""
        return prod(self.shape) * SIZES.get(self.dtype, 0) == len(self.content)


@dataclass
class Draft:
    """A folder whose tensors and files can be edited.

    Attributes:
        parts: Tensor name → tensor.
        files: Companion's name → content.
        metadata: Entries that take the place of the right ones.
        unlisted: Companions to leave out of the list of digests.
        offsets: Tensor name → how far its two offsets are wrong.
    """

    parts: dict[str, Part]
    files: dict[str, bytes]
    metadata: dict[str, Any]
    unlisted: set[str]
    offsets: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Draft:
        """Take a good folder apart."""
        content = files[MODEL_FILE]
        end = 8 + struct.unpack("<Q", content[:8])[0]
        header = json.loads(content[8:end])
        header.pop("__metadata__")
        parts = {}
        for name, entry in header.items():
            start, stop = entry["data_offsets"]
            bytes_of = content[end + start : end + stop]
            parts[name] = Part(entry["dtype"], entry["shape"], bytes_of)
        companions = {name: files[name] for name in DECIDING if name in files}
        return cls(parts, companions, {}, set(), {})

    def json(self, name: str) -> Any:
        """A companion's value, to be changed and put back."""
        return json.loads(self.files[name])

    def put(self, name: str, value: Any) -> None:
        """Replace a companion by a JSON value."""
        self.files[name] = json.dumps(value, allow_nan=False).encode()

    def folder(self) -> dict[str, bytes]:
        """Name → content of every file, digests and seal computed anew."""
        return {**self.files, MODEL_FILE: contained(self.header(), self.body())}

    def header(self) -> bytes:
        """The header's JSON."""
        entries: dict[str, Any] = {"__metadata__": self._metadata()}
        position = 0
        for name, part in self.parts.items():
            low, high = self.offsets.get(name, (0, 0))
            stop = position + len(part.content)
            entries[name] = {
                "dtype": part.dtype,
                "shape": part.shape,
                "data_offsets": [position + low, stop + high],
            }
            position = stop
        return json.dumps(entries, allow_nan=False).encode()

    def body(self) -> bytes:
        """All tensors' bytes."""
        return b"".join(part.content for part in self.parts.values())

    def _metadata(self) -> dict[str, Any]:
        tensors = {}
        for name, part in self.parts.items():
            word = WORDS.get(part.dtype, part.dtype)
            line = f"{name}|torch.{word}|{part.shape}|".encode(errors="replace")
            tensors[name] = hashlib.sha256(line + part.content).hexdigest()
        files = {
            name: hashlib.sha256(content).hexdigest()
            for name, content in self.files.items()
            if name not in self.unlisted
        }
        right = json.dumps({"files": files, "tensors": tensors}, allow_nan=False)
        digests = self.metadata.get("digests", right)
        return {
            "format": "qbert-lightning",
            "version": "2",
            "digests": digests,
            "seal": hashlib.sha256(str(digests).encode()).hexdigest(),
            **self.metadata,
        }


def contained(header: bytes, body: bytes) -> bytes:
    """A safetensors file of a header's JSON and the tensors' bytes."""
    padded = header + b" " * (-len(header) % 8)
    return struct.pack("<Q", len(padded)) + padded + body
