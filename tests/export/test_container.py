"""A container gives back what was written, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from qbert_lightning.errors import QbertError
from qbert_lightning.export.container import read_container, write_container

TENSORS = {
    "a": torch.linspace(-1, 1, 12).reshape(3, 4),
    "b": torch.tensor(7),
    "c": torch.arange(5, dtype=torch.uint8),
    "d": torch.empty(0, 3),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    for name in ("config.json", "plan.json"):
        (tmp_path / name).write_text("{}")
    path = tmp_path / "model.safetensors"
    write_container(path, TENSORS, ["config.json", "plan.json"])
    return path


def metadata_of(path: Path) -> dict[str, str]:
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end])["__metadata__"]


def rewrite(path: Path, tensors: dict[str, torch.Tensor], **changes: str) -> None:
    """The file with other tensors or metadata and nothing else made to fit."""
    save_file(tensors, path, {**metadata_of(path), **changes})


def assert_refused(path: Path, match: str) -> None:
    with pytest.raises(QbertError, match=match) as caught:
        read_container(path)
    assert caught.value.code == 4
    assert str(path.parent) in str(caught.value)


def test_round_trip(path: Path) -> None:
    container = read_container(path)
    assert container.files == {"config.json": b"{}", "plan.json": b"{}"}
    assert container.tensors.keys() == TENSORS.keys()
    for name, tensor in container.tensors.items():
        assert tensor.dtype == TENSORS[name].dtype
        assert torch.equal(tensor, TENSORS[name])


@pytest.mark.parametrize("mask", [0o022, 0o027])
def test_who_may_read_other_files_may_read_it(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write_container(tmp_path / "model.safetensors", TENSORS)
        (tmp_path / "usual").touch()
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {0o666 & ~mask}


def test_the_file_is_plain_safetensors(path: Path) -> None:
    assert torch.equal(load_file(path)["a"], TENSORS["a"])


def test_an_altered_value_is_found(path: Path) -> None:
    rewrite(path, {**TENSORS, "b": torch.tensor(8)})
    assert_refused(path, "tensor 'b': altered")


def test_same_bytes_of_another_shape_or_name_are_found(path: Path) -> None:
    rewrite(path, {**TENSORS, "a": TENSORS["a"].reshape(4, 3).contiguous()})
    assert_refused(path, "tensor 'a': altered")
    rewrite(path, {"z" if k == "a" else k: v for k, v in TENSORS.items()})
    assert_refused(path, "not those of its list")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"format": "pt"}, "format 'pt'"),
        ({"version": "3"}, "version '3': accepted 'qbert-lightning' version 1 or 2"),
        ({"seal": "0" * 64}, "list of digests was altered"),
        ({"digests": "{}"}, "list of digests was altered"),
    ],
)
def test_metadata_that_is_not_ours_is_refused(
    path: Path, changes: dict[str, str], match: str
) -> None:
    rewrite(path, TENSORS, **changes)
    assert_refused(path, match)


@pytest.mark.parametrize(
    "digests",
    [
        "5",
        "[]",
        "{}",
        '{"files": [], "tensors": {}}',
        '{"files": {}, "tensors": {}, "tensors": {}}',
        '{"files": {}, "tensors": {}}',
    ],
)
def test_a_sealed_list_of_another_form_is_refused(path: Path, digests: str) -> None:
    seal = hashlib.sha256(digests.encode()).hexdigest()
    rewrite(path, TENSORS, digests=digests, seal=seal)
    assert_refused(path, "list")


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (torch.tensor([1.0, float("nan")]), "'a' holds NaN or infinity"),
        (torch.tensor([1.0, float("-inf")]), "'a' holds NaN or infinity"),
        (torch.tensor([3, -1]), "'a' holds -1"),
    ],
)
def test_bad_values_are_neither_written_nor_read(
    path: Path, bad: torch.Tensor, match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(QbertError, match=match) as caught:
        write_container(path, {"a": bad}, ["config.json", "plan.json"])
    assert caught.value.code == 1
    with monkeypatch.context() as patch:
        check = "qbert_lightning.export.container._check_values"
        patch.setattr(check, lambda *arguments: None)
        write_container(path, {"a": bad}, ["config.json", "plan.json"])
    assert_refused(path, match)
