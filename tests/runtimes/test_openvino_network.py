"""What a compiled network keeps in memory, and that threads may share it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path

import pytest
import torch

from qbert_lightning.functional.integer_product import cpu_is_exact
from qbert_lightning.runtimes import OpenVino
from qbert_lightning.runtimes.engine_model import EngineModel
from qbert_lightning.runtimes.openvino_network import OpenVinoNetwork
from tests.runtimes.tiny_models import deployed, padded_batch, quantized

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")
pytestmark = pytest.mark.skipif(
    not cpu_is_exact(), reason="8-bit products saturate on this processor (no VNNI)"
)

SMALLEST_MATRIX = 32 * 32


@pytest.fixture
def engine(tmp_path: Path) -> EngineModel:
    model, plan = quantized("tags", "qbert")
    engine = deployed(OpenVino(), model, plan, tmp_path)
    assert isinstance(engine, EngineModel)
    return engine


def test_matrices_and_tables_are_kept_as_bytes(tmp_path: Path) -> None:
    model, plan = quantized("tags", "qbert")
    deployed(OpenVino(), model, plan, tmp_path)
    file = tmp_path / "deployed" / OpenVino.file_name
    network = OpenVino().open_network(file, num_threads=1)
    assert isinstance(network, OpenVinoNetwork)
    graph = network._request.get_compiled_model().get_runtime_model()
    kept = []
    for node in graph.get_ops():
        shape = node.get_output_partial_shape(0)
        # What does not depend on the texts stays.
        if shape.is_static and prod(shape.to_shape()) >= SMALLEST_MATRIX:
            kept.append(node.get_rt_info()["outputPrecisions"].value)
    assert len(kept) == 2 * 6 + 1  # six matrices in each of two layers, and words
    assert set(kept) == {"i8", "u8"}


def test_threads_get_the_answers_to_their_own_questions(engine: EngineModel) -> None:
    batches = [padded_batch(size=3, length=3 + seed, seed=seed) for seed in range(4)]
    alone = [engine(**batch).logits for batch in batches]
    with ThreadPoolExecutor(4) as threads:
        together = threads.map(lambda batch: engine(**batch).logits, batches * 8)
    for found, expected in zip(together, alone * 8, strict=True):
        assert torch.equal(found, expected)


def test_parts_of_larger_tensors_are_read_as_they_are(engine: EngineModel) -> None:
    """Their rows do not follow one another, so that copies are what is shared."""
    whole = padded_batch(size=512, length=9)
    parts = {name: each[:, :8] for name, each in whole.items()}
    assert not any(each.is_contiguous() for each in parts.values())
    expected = engine(**{name: each.clone() for name, each in parts.items()}).logits
    for _ in range(4):
        assert torch.equal(engine(**parts).logits, expected)
