from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.benchmarks.asked_process import AskedProcess
from qbert_lightning.benchmarks.contestant import Place
from qbert_lightning.benchmarks.described import restored
from qbert_lightning.benchmarks.inference_ours import Deployed
from qbert_lightning.benchmarks.inference_process import ContestantProcess
from qbert_lightning.errors import QbertError
from qbert_lightning.tracking.json_values import from_text
from tests.benchmarks.fake_runtime import FakeRuntime


def test_the_worker_is_told_who_and_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(AskedProcess, "__init__", lambda _, *each: given.extend(each))
    monkeypatch.chdir(tmp_path)
    deployed = Deployed(FakeRuntime(off_by=2.0))
    ContestantProcess(deployed, Place(Path("model"), Path("own"), 3), Path("asked"))
    module, [text], num_threads, log = given
    told = from_text(text)
    assert restored(told.pop("contestant")) == deployed
    assert told == {
        "model": str(tmp_path / "model"),
        "folder": str(tmp_path / "own"),
        "num_threads": 3,
        "batches": str(tmp_path / "asked"),
    }
    assert (num_threads, log) == (3, Path("own/log.txt"))
    assert module.endswith(".inference_worker")


def test_a_worker_that_is_gone_has_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise QbertError("it ended", 1)

    monkeypatch.setattr(AskedProcess, "ask", gone)
    place = Place(tmp_path, tmp_path, 1)
    process = ContestantProcess(Deployed(FakeRuntime()), place, tmp_path / "asked")
    assert process.ask({"do": "load"}) == {"error": "it ended", "code": 1}
