from __future__ import annotations

import datasets
import pytest

from qbert_lightning.datamodules import hub
from qbert_lightning.errors import QbertError


def test_offline_and_not_cached_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(hub, "host_answers", lambda _: False)
    cache = str(tmp_path_factory.mktemp("cache"))
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    with pytest.raises(QbertError) as error:
        hub.load_hub("nobody/nothing", "sst2")
    assert error.value.code == 3
    assert str(error.value).startswith("data set nobody/nothing (sst2): not in the")
    assert "task.data.folder=/folder" in str(error.value)


def test_answers_of_the_hub_are_data_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise datasets.exceptions.DatasetNotFoundError("no such data set\nmore")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "host_answers", lambda _: True)
    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(QbertError, match=r"x: no such data set$") as error:
        hub.load_hub("x")
    assert error.value.code == 4
