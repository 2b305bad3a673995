"""A file is either the old one or the whole new one."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest

from qbert_lightning.tracking.durable import (
    remove_temporaries,
    replacing,
    write_bytes,
    write_text,
)


def test_makes_the_folder_and_replaces_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.json"
    write_text(path, "first")
    write_text(path, "zweite Fassung: größer")
    assert path.read_text(encoding="utf-8") == "zweite Fassung: größer"
    assert list(path.parent.iterdir()) == [path]


def test_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_bytes(tmp_path / "ours", b"")
    usual, ours = (stat.S_IMODE(p.stat().st_mode) for p in sorted(tmp_path.iterdir()))
    assert usual == ours


def test_content_reaches_the_disk_before_it_takes_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        steps.append(f"fsync {kind}")
        fsync(descriptor)

    def note_replace(source: Path, target: Path) -> Path:
        assert source.parent == target.parent
        assert source.read_bytes() == b"all of it"
        steps.append("replace")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_bytes(tmp_path / "file", b"all of it")
    assert steps == ["fsync file", "replace", "fsync folder"]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_failure_keeps_the_old_file_and_leaves_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "file"
    write_text(path, "old")

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os if failing == "fsync" else Path, failing, fail)
    with pytest.raises(OSError, match="no space"):
        write_text(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_only_the_remains_of_its_own_writers_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "run[1].json"
    others = [tmp_path / ".run1.json.tmp.abc", tmp_path / "run[1].json.tmp"]
    for file in (path, *others, tmp_path / ".run[1].json.tmp.abc"):
        file.touch()
    remove_temporaries(path)
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


def test_interrupted_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_text(path, "old")

    def write_half() -> None:
        with replacing(path) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_writing_clears_what_a_killed_writer_left(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    (tmp_path / ".index.html.tmp.abc").write_bytes(b"half a page")
    write_text(path, "whole")
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    with replacing(path) as stream:
        stream.write(b"the slower one")
        write_text(path, "the quicker one")
        assert path.read_text() == "the quicker one"
    assert path.read_text() == "the slower one"
    assert list(tmp_path.iterdir()) == [path]


def test_temporary_taken_for_a_remainder_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.html"
    lock, operations = fcntl.flock, []

    def remove_before_the_first_lock(descriptor: int, operation: int) -> None:
        if not operations:
            for temporary in tmp_path.glob(".index.html.tmp.*"):
                temporary.unlink()
        operations.append(operation)
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", remove_before_the_first_lock)
    write_text(path, "whole")
    assert len(operations) == 2
    assert path.read_text() == "whole"
