from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.own_folder import MAX_BYTES, MAX_FILES, check_folder

ALIASES = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (ALIASES.encode(), "aliases"),
        (b"a: " + b"[" * 10_000, "nesting"),
        (b"\n".join(b" " * i + b"a:" for i in range(100)), "nesting"),
        (b"x: " + b"y" * MAX_BYTES, "bytes"),
        (b"a: \xff\xfe", "UTF-8"),
        (b"a: [1", "not YAML"),
        (b"a: b: c", "not YAML"),
        (b"a: ${oc.env:SECRET}", "SECRET"),
    ],
)
def test_folder_with_a_hostile_file_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    group = tmp_path / "task"
    group.mkdir()
    (group / "mine.yaml").write_bytes(content)
    with pytest.raises(QbertError, match=said) as refused:
        check_folder(tmp_path)
    assert "mine.yaml" in str(refused.value)


def test_plain_folder_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "task").mkdir()
    (tmp_path / "task" / "mine.yaml").write_text("defaults:\n  - sst2\n  - _self_\n")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.yaml").write_text("[")
    check_folder(tmp_path)


def test_folder_of_everything_is_refused(tmp_path: Path) -> None:
    for index in range(MAX_FILES + 1):
        (tmp_path / f"{index}.yaml").touch()
    with pytest.raises(QbertError, match="up to 1000"):
        check_folder(tmp_path)


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QbertError, match="no such folder"):
        check_folder(tmp_path / "none")
