from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.sweeps import memory
from qbert_lightning.sweeps.memory import halved, is_out_of_memory, kills_for_memory


def configured(batch: object, **trainer: object) -> dict[str, object]:
    return {"task": {"data": {"batch_size": batch}}, "trainer": trainer}


def test_what_torch_says_is_understood() -> None:
    with pytest.raises(RuntimeError) as short:
        torch.empty(2**60)
    assert is_out_of_memory(f"RuntimeError: {short.value}")
    cuda = torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    assert is_out_of_memory(f"OutOfMemoryError: {cuda}")
    assert is_out_of_memory("MemoryError")
    assert not is_out_of_memory("RuntimeError: broken")
    assert not is_out_of_memory(None)


def test_the_examples_of_a_step_stay_the_same() -> None:
    assert halved(configured(32)) == [
        "task.data.batch_size=16",
        "++trainer.accumulate_grad_batches=2",
    ]
    assert halved(configured(16, accumulate_grad_batches=2)) == [
        "task.data.batch_size=8",
        "++trainer.accumulate_grad_batches=4",
    ]


@pytest.mark.parametrize("batch", [1, 7, None])
def test_what_cannot_be_halved_is_left(batch: object) -> None:
    assert halved(configured(batch)) is None


def test_kills_are_counted_by_the_system(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    counters = tmp_path / "vmstat"
    counters.write_text("pgfault 12\noom_kill 3\n")
    monkeypatch.setattr(memory, "KILLS", counters)
    assert kills_for_memory() == 3
    monkeypatch.setattr(memory, "KILLS", tmp_path / "none")
    assert kills_for_memory() == 0
