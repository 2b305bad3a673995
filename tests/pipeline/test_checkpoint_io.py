"""A checkpoint is the old one or the whole new one, and nothing else is read."""

from __future__ import annotations

import errno
import os
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.checkpoint_io import DurableCheckpointIO

OLD = {"weights": torch.arange(5000.0), "loops": {"step": 1, "rows": [{"a": 0.5}]}}
NEW = {"weights": torch.arange(5000.0) + 1, "loops": {"step": 2, "rows": []}}


def equal(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a["weights"].equal(b["weights"]) and a["loops"] == b["loops"]


def written(path: Path) -> DurableCheckpointIO:
    files = DurableCheckpointIO()
    files.save_checkpoint(OLD, path)
    return files


def test_what_is_written_is_read_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "last.ckpt"
    files = written(path)
    assert equal(files.load_checkpoint(path), OLD)
    files.save_checkpoint(NEW, path)
    assert equal(files.load_checkpoint(path), NEW)
    assert equal(torch.load(path, weights_only=True), NEW)
    assert list(path.parent.iterdir()) == [path]
    files.remove_checkpoint(path)
    files.remove_checkpoint(path)
    assert not path.exists()


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_fault_at_every_single_call_keeps_one_of_the_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """SQLite's method: fail the n-th call, n = 1, 2, ..., until nothing fails."""
    path = tmp_path / "last.ckpt"
    for fail_at in count(1):
        files = written(path)
        calls = count(1)

        def faulty(function: Any) -> Any:  # noqa: ANN401
            def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
                if next(calls) == fail_at:  # noqa: B023
                    raise OSError(number, os.strerror(number))
                return function(*arguments, **named)

            return call

        fdopen = os.fdopen

        def unbuffered(*arguments: Any) -> Any:  # noqa: ANN401
            stream = fdopen(*arguments, buffering=0)  # noqa: B023
            return _Faulty(stream, faulty(stream.write))

        failed = None
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdopen", unbuffered)
            patch.setattr(os, "fsync", faulty(os.fsync))
            patch.setattr(Path, "replace", faulty(Path.replace))
            try:
                files.save_checkpoint(NEW, path)
            except (OSError, QbertError) as error:
                failed = error
        kept = files.load_checkpoint(path)
        assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]
        if failed is None:
            assert equal(kept, NEW)
            break
        assert equal(kept, OLD) or equal(kept, NEW)
        if number != errno.EIO:
            assert isinstance(failed, QbertError)
            assert failed.code == 3
    assert fail_at > 10  # writes, two fsyncs and the rename


class _Faulty:
    """A stream whose `write` is another one."""

    def __init__(self, stream: Any, write: Any) -> None:  # noqa: ANN401
        self._stream = stream
        self.write = write

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._stream, name)

    def __enter__(self) -> _Faulty:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def test_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "last.ckpt"
    files = written(path)
    usage = SimpleNamespace(free=2**19)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    with pytest.raises(QbertError, match=r"need 1\.0 MB, free 0\.5 MB") as refused:
        files.save_checkpoint(NEW, path)
    assert refused.value.code == 3
    assert equal(files.load_checkpoint(path), OLD)


def test_no_damaged_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    files = written(path)
    whole = path.read_bytes()
    damaged = [whole[:end] for end in (0, 10, len(whole) // 2, len(whole) - 1)]
    damaged += [whole + b"x", whole[: len(whole) - 46]]
    for place in range(0, len(whole), 97):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        damaged.append(bytes(flipped))
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(QbertError) as refused:
            files.load_checkpoint(path)
        assert refused.value.code == 4


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    """Also from a file with the right digest."""
    path = tmp_path / "last.ckpt"
    DurableCheckpointIO().save_checkpoint({"path": Path("x")}, path)
    with pytest.raises(QbertError, match="cannot be read"):
        DurableCheckpointIO().load_checkpoint(path, weights_only=None)
