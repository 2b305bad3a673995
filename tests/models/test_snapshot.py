from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.models import hub, snapshot
from qbert_lightning.models.snapshot import fetch_snapshot


def test_only_plain_data_of_the_asked_revision_is_fetched(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: dict[str, object] = {}

    def download(name: str, **arguments: object) -> str:
        asked.update(arguments, name=name)
        return str(tmp_path)

    monkeypatch.setattr(hub, "_hub_answers", lambda: True)
    monkeypatch.setattr(snapshot, "snapshot_download", download)
    assert fetch_snapshot("owner/name@v2") == tmp_path
    assert asked == {
        "name": "owner/name",
        "revision": "v2",
        "local_files_only": False,
        "allow_patterns": ["*.json", "*.safetensors", "*.txt"],
    }


def test_without_hub_and_cache_the_environment_is_at_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "_hub_answers", lambda: False)
    with pytest.raises(QbertError, match="owner/nowhere") as caught:
        fetch_snapshot("owner/nowhere")
    assert caught.value.code == 3
