from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from qbert_lightning.benchmarks.contestant import Place
from qbert_lightning.benchmarks.inference_ours import Deployed
from qbert_lightning.benchmarks.inference_texts import filled_batches, save_series
from qbert_lightning.benchmarks.inference_torch import TorchFloat, TorchInt8
from qbert_lightning.benchmarks.inference_worker import TRUTH_FILE, Worker
from qbert_lightning.models import load_float
from tests.benchmarks.fake_runtime import FakeRuntime
from tests.benchmarks.quantized_problem import saved_models
from tests.tiny import tiny_batch


@pytest.fixture
def models(tmp_path: Path) -> tuple[Path, Path]:
    batches = filled_batches([tiny_batch()], [1, 3], 16)
    save_series(batches, tmp_path / "questions.safetensors")
    (tmp_path / "own").mkdir()
    return saved_models(tmp_path)


def worker(contestant: object, model: Path) -> Worker:
    threads = torch.get_num_threads()
    place = Place(model, model.parent / "own", threads)
    return Worker(contestant, place, model.parent / "questions.safetensors")


@pytest.mark.filterwarnings("ignore")  # of torch.ao
def test_truth_of_a_peer_is_the_float_model(models: tuple[Path, Path]) -> None:
    asked = worker(TorchInt8(), models[0])
    prepared = asked.prepare()
    assert prepared["file_bytes"] == (models[0].parent / "own/model.pt").stat().st_size
    batch = filled_batches([tiny_batch()], [3], 16)[0]
    with torch.no_grad():
        logits = load_float(models[0])[0](**batch).logits
    truth = load_file(models[0].parent / "own" / TRUTH_FILE)
    torch.testing.assert_close(truth["1.0"], logits)
    loaded = asked.do({"do": "load"})
    assert [each["batch_size"] for each in loaded["asked"]] == [1, 3]
    assert all(0 < each["largest_difference"] < 0.5 for each in loaded["asked"])


def test_the_unit_agrees_with_itself(models: tuple[Path, Path]) -> None:
    asked = worker(TorchFloat(), models[0])
    asked.do({"do": "prepare"})
    loaded = asked.do({"do": "load"})["asked"]
    assert [each["largest_difference"] for each in loaded] == [0, 0]
    assert [each["equal_argmax"] for each in loaded] == [1, 1]
    timed = asked.do({"do": "time", "number": 1, "seconds": 0})
    assert timed["answers"] == 1
    assert timed["seconds"] > 0


def test_truth_of_ours_is_the_quantized_model(models: tuple[Path, Path]) -> None:
    asked = worker(Deployed(FakeRuntime(off_by=0.25)), models[1])
    file_bytes = asked.do({"do": "prepare"})["file_bytes"]
    file = models[1].parent / "own" / "deployed" / "model.safetensors"
    assert file_bytes == file.stat().st_size
    for each in asked.do({"do": "load"})["asked"]:
        assert each["largest_difference"] == pytest.approx(0.25, abs=1e-5)


def test_refusals_keep_their_code_and_other_errors_are_told(
    models: tuple[Path, Path],
) -> None:
    refused = worker(Deployed(FakeRuntime(is_installed=False)), models[1])
    assert refused.do({"do": "prepare"}) == {
        "error": "runtime=fake: needs pip install fake",
        "code": 3,
    }
    broken = worker(TorchFloat(), models[0]).do({"do": "load"})
    assert broken["code"] == 1
    assert broken["error"].startswith("FileNotFoundError: ")
