from __future__ import annotations

from pathlib import Path

import pytest
from transformers.utils import logging

from qbert_lightning.errors import QbertError
from qbert_lightning.models import hub


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "host_answers", lambda _: False)


@pytest.mark.usefixtures("offline")
def test_hub_name_that_is_not_cached_tells_how_to_use_a_folder() -> None:
    with pytest.raises(QbertError) as error, hub.local_or_hub("nobody/no-such-bert"):
        pytest.fail("nothing to load")
    assert error.value.code == 3
    assert "model.name_or_path=nobody/no-such-bert" in str(error.value)
    assert "model=local" in str(error.value)


@pytest.mark.parametrize("name", ["/no/such/folder", "./none", "a/b/c"])
def test_missing_folder_is_not_asked_from_the_hub(name: str) -> None:
    with pytest.raises(QbertError, match="no such folder") as error:
        hub.local_or_hub(name).__enter__()
    assert error.value.code == 4


def test_folder_never_reaches_out(tmp_path: Path) -> None:
    with hub.local_or_hub(str(tmp_path)) as arguments:
        assert arguments["local_files_only"] is True


def test_reasons_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(QbertError) as error, hub.local_or_hub(str(tmp_path)):
        raise OSError("first line\nsecond line")
    assert error.value.code == 4
    assert "first line: accepted a BERT" in str(error.value)
    assert "second" not in str(error.value)


def test_own_errors_pass_unchanged(tmp_path: Path) -> None:
    with (
        pytest.raises(QbertError, match=r"^ours$"),
        hub.local_or_hub(str(tmp_path)),
    ):
        raise QbertError("ours")


def test_verbosity_is_restored() -> None:
    before = logging.get_verbosity()
    with hub.quiet_transformers():
        assert logging.get_verbosity() == logging.ERROR
    assert logging.get_verbosity() == before
