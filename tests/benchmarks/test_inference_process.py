from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.benchmarks.asked_process import AskedProcess
from qbert_lightning.benchmarks.contestant import Place
from qbert_lightning.benchmarks.described import restored
from qbert_lightning.benchmarks.inference_ours import Deployed
from qbert_lightning.benchmarks.inference_process import ContestantProcess
from qbert_lightning.benchmarks.inference_texts import filled_batches, save_series
from qbert_lightning.errors import QbertError
from qbert_lightning.tracking.json_values import from_text
from tests.benchmarks.fake_runtime import FakeRuntime
from tests.benchmarks.quantized_problem import saved_models
from tests.tiny import tiny_batch


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


def test_a_real_worker_prepares_loads_and_answers(tmp_path: Path) -> None:
    _, quantized = saved_models(tmp_path)
    save_series(filled_batches([tiny_batch()], [1, 3], 16), tmp_path / "asked")
    (tmp_path / "own").mkdir()
    place = Place(quantized, tmp_path / "own", 1)
    deployed = Deployed(FakeRuntime(off_by=0.25))
    with ContestantProcess(deployed, place, tmp_path / "asked") as process:
        assert process.ask({"do": "prepare"})["file_bytes"] > 0
        loaded = process.ask({"do": "load"})["asked"]
        timed = process.ask({"do": "time", "number": 1, "seconds": 0.0})
    assert [each["batch_size"] for each in loaded] == [1, 3]
    for each in loaded:
        assert each["largest_difference"] == pytest.approx(0.25, abs=1e-5)
        assert each["peak_mib"] > 0
    assert timed["answers"] == 1
    assert timed["seconds"] > 0


def test_a_worker_that_is_gone_has_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise QbertError("it ended", 1)

    monkeypatch.setattr(AskedProcess, "ask", gone)
    place = Place(tmp_path, tmp_path, 1)
    process = ContestantProcess(Deployed(FakeRuntime()), place, tmp_path / "asked")
    assert process.ask({"do": "load"}) == {"error": "it ended", "code": 1}
