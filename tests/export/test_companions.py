from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.export import companions
from qbert_lightning.export.companions import deciding_files, read_companions


@pytest.fixture
def digests(tmp_path: Path) -> dict[str, str]:
    for name in ("config.json", "plan.json", "tokenizer.json", "README.md"):
        (tmp_path / name).write_text(name)
    assert deciding_files(tmp_path) == ("config.json", "plan.json", "tokenizer.json")
    return {
        name: hashlib.sha256(name.encode()).hexdigest()
        for name in deciding_files(tmp_path)
    }


def test_listed_files_are_read(tmp_path: Path, digests: dict[str, str]) -> None:
    found = read_companions(tmp_path, digests, complete=True)
    assert found == {name: name.encode() for name in digests}


def test_an_older_list_needs_only_config_and_plan(
    tmp_path: Path, digests: dict[str, str]
) -> None:
    del digests["tokenizer.json"]
    assert len(read_companions(tmp_path, digests, complete=False)) == 2
    del digests["plan.json"]
    with pytest.raises(QbertError, match=r"plan\.json: not in the list"):
        read_companions(tmp_path, digests, complete=False)


def test_what_is_not_as_listed_is_refused(
    tmp_path: Path, digests: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(match: str, listed: dict[str, str] = digests) -> None:
        with pytest.raises(QbertError, match=match) as caught:
            read_companions(tmp_path, listed, complete=True)
        assert caught.value.code == 4

    refused("'../x' in the list", {**digests, "../x": "0"})
    refused(r"plan\.json: altered", {**digests, "plan.json": "0" * 64})
    refused(r"vocab\.txt: missing", {**digests, "vocab.txt": "0" * 64})
    (tmp_path / "added_tokens.json").write_text("{}")
    refused(r"added_tokens\.json: not in the list")
    (tmp_path / "added_tokens.json").unlink()
    monkeypatch.setattr(companions, "MAX_COMPANION_BYTES", 4)
    refused(r"config\.json: missing, or larger than the accepted 4")
