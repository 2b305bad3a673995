from __future__ import annotations

import pytest

from qbert_lightning.allocation import Published
from qbert_lightning.errors import QbertError
from qbert_lightning.plan import BlockSize

LAYER = 7_077_888  # weights of the six matrices of a BERT-base layer


def blocks(count: int) -> dict[str, BlockSize]:
    return {f"bert.encoder.layer.{i}": BlockSize(LAYER, {}) for i in range(count)}


@pytest.mark.parametrize(
    ("task", "preset", "average", "mebibytes"),
    [
        ("sst2", "2/3", 2.50, 25.35),
        ("mnli", "2/3", 2.33, 23.66),
        ("conll2003", "2/3", 2.33, 23.66),
        ("squad_v1", "2/3", 2.50, 25.35),
        ("sst2", "2/4", 3.00, 30.42),
        ("mnli", "2/4", 2.83, 28.73),
        ("conll2003", "2/4", 2.83, 28.73),
        ("squad_v1", "2/4", 2.83, 28.73),
    ],
)
def test_averages_and_sizes_of_the_paper(
    task: str, preset: str, average: float, mebibytes: float
) -> None:
    allocator = Published(task, preset)
    bits = allocator.allocate(None, blocks(12))
    assert sum(bits.values()) / 12 == pytest.approx(average, abs=0.005)
    # The paper's size counts biases and LayerNorms, 9 984 a layer, at its width too.
    size = sum((LAYER + 9_984) * width for width in bits.values()) / 8 / 2**20
    assert size == pytest.approx(mebibytes, abs=0.01)
    assert set(bits.values()) <= set(allocator.candidate_bits)
    last = list(bits.values())[-3:]
    assert last == [2, 2, 2]


def test_other_depths_are_refused() -> None:
    with pytest.raises(QbertError, match=r"6 encoder layers: accepted 12"):
        Published("sst2").allocate(None, blocks(6))


def test_unknown_task_or_preset() -> None:
    with pytest.raises(QbertError, match=r"allocator.task=rte.*sst2, mnli, conll2003"):
        Published("rte")
    with pytest.raises(QbertError, match=r"allocator.preset=3/4: accepted 2/3, 2/4"):
        Published("sst2", "3/4")
