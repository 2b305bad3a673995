from __future__ import annotations

import socket
from pathlib import Path

import datasets
import pytest
from datasets.packaged_modules.csv.csv import Csv

from qbert_lightning.datamodules import hub
from qbert_lightning.errors import QbertError


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache of data sets, and a hub that does not answer."""
    monkeypatch.setattr(hub, "host_answers", lambda _: False)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts that were looked up; none is found."""
    hosts: list[str] = []

    def refuse(host: str, *_: object, **__: object) -> None:
        hosts.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return hosts


def test_offline_and_not_cached_is_one_line(cache: Path, asked: list[str]) -> None:
    with pytest.raises(QbertError) as error:
        hub.load_hub("nobody/nothing", "sst2")
    assert error.value.code == 3
    assert str(error.value).startswith("data set nobody/nothing (sst2): not in the")
    assert "task.data.folder=/folder" in str(error.value)
    assert asked == []


def test_offline_what_is_cached_is_loaded(cache: Path, asked: list[str]) -> None:
    table = cache / "rows.csv"
    cache.mkdir()
    table.write_text("sentence,label\nfine,1\nbad,0\n")
    csv = Csv(
        cache_dir=str(cache),
        dataset_name="nothing",
        config_name="sst2",
        hash="0",
        data_files={"train": str(table)},
    )
    csv.download_and_prepare()
    # As the cache has it: repository, configuration, version, fingerprint.
    (prepared,) = cache.glob("nothing/sst2-*")
    prepared.rename(prepared.with_name("sst2"))
    (cache / "nothing").rename(cache / "nobody___nothing")
    loaded = hub.load_hub("nobody/nothing", "sst2")
    assert loaded["train"].to_list() == [
        {"sentence": "fine", "label": 1},
        {"sentence": "bad", "label": 0},
    ]
    assert asked == []


def test_answers_of_the_hub_are_data_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise datasets.exceptions.DatasetNotFoundError("no such data set\nmore")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "host_answers", lambda _: True)
    monkeypatch.setattr(datasets, "load_dataset", refuse)
    with pytest.raises(QbertError, match=r"x: no such data set$") as error:
        hub.load_hub("x")
    assert error.value.code == 4
