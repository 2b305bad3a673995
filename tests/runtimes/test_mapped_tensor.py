"""A mapped tensor holds what its file holds, whatever happens to its pages."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.export import write_container
from qbert_lightning.runtimes.mapped_tensor import MappedTensor


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.safetensors"
    first, second = (torch.arange(each).to(torch.uint8) for each in (24, 100_000))
    write_container(path, {"first": first, "second": second})
    return path


def test_bytes_are_those_of_the_tensor(file: Path) -> None:
    for name, count in (("first", 24), ("second", 100_000)):
        found = MappedTensor(file, name).bytes
        assert torch.equal(torch.from_numpy(found), torch.arange(count).to(torch.uint8))


def test_pages_given_back_are_read_again(file: Path) -> None:
    mapped = MappedTensor(file, "second")
    total = int(mapped.bytes.sum())
    mapped.give_back()
    assert int(mapped.bytes.sum()) == total == sum(i % 256 for i in range(100_000))


def test_another_file_in_its_place_changes_nothing(file: Path) -> None:
    mapped = MappedTensor(file, "first")
    file.unlink()
    file.write_bytes(b"something else")
    mapped.give_back()
    assert mapped.bytes.tolist() == list(range(24))
