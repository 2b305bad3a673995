"""Every rule for a header, broken one at a time."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from qbert_lightning.errors import QbertError
from qbert_lightning.export import header
from qbert_lightning.export.header import header_bytes, read_header

GOOD: dict[str, Any] = {
    "__metadata__": {"a": "b"},
    "x": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "y": {"dtype": "U8", "shape": [5], "data_offsets": [24, 29]},
}
NUM_DATA_BYTES = 29


def file_of(text: bytes, num_data_bytes: int = NUM_DATA_BYTES) -> bytes:
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(num_data_bytes)


def read(content: bytes) -> header.Header:
    return read_header(io.BytesIO(content), len(content), "file")


def test_a_file_of_the_library_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    tensors = {"b": torch.zeros(3, 1), "a": torch.ones((), dtype=torch.int64)}
    save_file(tensors, path, {"k": "v"})
    with path.open("rb") as file:
        found = read_header(file, path.stat().st_size, "file")
        assert file.tell() == found.num_bytes == header_bytes(path)
    assert found.metadata == {"k": "v"}
    assert {name: (each.dtype, each.shape) for name, each in found.entries.items()} == {
        "b": (torch.float32, (3, 1)),
        "a": (torch.int64, ()),
    }


def changed(**changes: object) -> bytes:
    return json.dumps({**GOOD, "x": {**GOOD["x"], **changes}}).encode()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"[]", "accepted a JSON object"),
        (b'{"__metadata__": []}', "metadata of texts"),
        (b'{"__metadata__": {"a": 1}}', "metadata of texts"),
        (b'{"x": 1}', "dtype, shape and data_offsets"),
        (changed(more=1), "dtype, shape and data_offsets"),
        (changed(dtype="F64"), r"'F64': accepted \['F32', 'I64', 'U8'\]"),
        (changed(dtype=["F32"]), "dtype"),
        (changed(shape=[2, True]), "a shape and two offsets"),
        (changed(shape=[2, 3.0]), "a shape and two offsets"),
        (changed(shape=[-2, -3]), "a shape and two offsets"),
        (changed(shape=[1] * 9), "a shape and two offsets"),
        (changed(shape="6"), "a shape and two offsets"),
        (changed(shape=[2**62, 2**62]), "a shape and two offsets"),
        (changed(shape=[2**32, 2**32]), "24 bytes for F32"),
        (changed(shape=[7]), r"24 bytes for F32 \[7\]: accepted 28"),
        (changed(data_offsets=[0, 24, 24]), "two offsets"),
        (changed(data_offsets=[24, 0]), "-24 bytes"),
        (changed(data_offsets=[4, 28]), "begins at byte 4: accepted 0"),
        (json.dumps({"__metadata__": {}, "x": GOOD["x"]}).encode(), "end at byte 24"),
        (json.dumps({"a/b": GOOD["x"]}).encode(), "names of the form"),
        (json.dumps({"": GOOD["x"]}).encode(), "names of the form"),
        (json.dumps({"a" * 201: GOOD["x"]}).encode(), "names of the form"),
    ],
)
def test_a_broken_rule_is_named(text: bytes, complaint: str) -> None:
    assert read(file_of(json.dumps(GOOD).encode())).entries.keys() == {"x", "y"}
    with pytest.raises(QbertError, match=complaint) as caught:
        read(file_of(text))
    assert caught.value.code == 4


def test_values_begin_where_they_can_be_read() -> None:
    text = json.dumps(
        {
            "y": {"dtype": "U8", "shape": [5], "data_offsets": [0, 5]},
            "x": {"dtype": "F32", "shape": [6], "data_offsets": [5, 29]},
        }
    )
    with pytest.raises(QbertError, match="multiple of the value's size"):
        read(file_of(text.encode()))


@pytest.mark.parametrize("content", [b"", b"1234567"])
def test_a_file_without_length_is_refused(content: bytes) -> None:
    with pytest.raises(QbertError, match="bytes: accepted 8 to"):
        read(content)


@pytest.mark.parametrize("length", [3, 2**20, 2**63, 2**64 - 8])
def test_a_header_beyond_the_file_is_not_read(length: int) -> None:
    with pytest.raises(QbertError, match="accepted a multiple of 8 up to"):
        read(struct.pack("<Q", length) + bytes(100))


def test_a_long_header_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "MAX_HEADER_BYTES", 64)
    with pytest.raises(QbertError, match="up to 64"):
        read(file_of(json.dumps(GOOD).encode()))


def test_a_huge_file_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "MAX_FILE_BYTES", 64)
    with pytest.raises(QbertError, match="accepted 8 to 64"):
        read(file_of(json.dumps(GOOD).encode()))
