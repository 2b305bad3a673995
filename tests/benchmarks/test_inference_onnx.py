"""The other engines, where they are installed, on a tiny model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.benchmarks.contestant import Contestant, Place
from qbert_lightning.benchmarks.inference_agreement import Agreement
from qbert_lightning.benchmarks.inference_onnx import OnnxFloat, OnnxInt8
from qbert_lightning.benchmarks.inference_openvino import (
    OpenVinoFloat,
    OpenVinoInt8,
    OpenVinoInt8Fixed,
)
from qbert_lightning.benchmarks.inference_texts import filled_batches
from qbert_lightning.benchmarks.inference_traced import TracedModel, arrays
from tests.benchmarks.problems import saved_problem
from tests.tiny import tiny_batch, tiny_bert


@pytest.mark.parametrize(
    ("contestant", "tolerance"),
    [
        (OnnxFloat(), 1e-5),
        (OnnxInt8(), 0.5),
        (OpenVinoFloat(), 1e-5),
        (OpenVinoInt8(), 0.5),
        (OpenVinoInt8Fixed(), 0.5),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_an_engine_answers_like_pytorch_for_any_batch(
    tmp_path: Path, contestant: Contestant, tolerance: float
) -> None:
    for package in contestant.needs:
        pytest.importorskip(package)
    own = tmp_path / "own"
    own.mkdir()
    place = Place(saved_problem(tmp_path)[0], own, 1)
    one, three = filled_batches([tiny_batch()], [1, 3], 16)
    model = contestant.prepare(place, [one])
    answer = contestant.load(place)
    with torch.no_grad():
        found = Agreement.of(answer(three), model(**three).to_tuple())
    assert found.largest_difference < tolerance
    assert all(file.stat().st_size > 0 for file in contestant.files(place))


def test_what_is_traced_gives_plain_logits() -> None:
    [batch] = filled_batches([tiny_batch()], [2], 16)
    model = tiny_bert().eval()
    [logits] = TracedModel(model)(**batch)
    torch.testing.assert_close(logits, model(**batch).logits)
    assert arrays(batch)["input_ids"].tolist() == batch["input_ids"].tolist()
