"""What a training step is measured to keep."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from qbert_lightning.benchmarks.qat_step import TrainingStep, random_batch


class Table(nn.Module):
    """Looks words up and multiplies them by a matrix, as a model with one output."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(9, 256)
        self.matrix = nn.Linear(256, 128)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor]:
        return (self.matrix(self.table(input_ids)),)


def step() -> TrainingStep:
    batch = random_batch(9, 4, 8, 0, torch.device("cpu"))
    return TrainingStep(Table(), batch)


def test_saved_memory_is_counted_once_and_without_parameters() -> None:
    words = 4 * 8
    # The looked-up rows, the outputs that are squared (as a leaf of the loss), the ids.
    expected = (words * 256 + words * 128) * 4 + words * 8
    assert step().saved_mib() * 2**20 == expected


def test_what_the_loss_does_not_need_is_not_saved() -> None:
    class Observing(Table):
        """Makes a graph on the way that nothing depends on."""

        def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor]:
            rows = self.table(input_ids)
            self.observed = float(rows.exp().square().mean().detach())
            return (self.matrix(rows),)

    batch = random_batch(9, 4, 8, 0, torch.device("cpu"))
    observing = TrainingStep(Observing(), batch)
    assert observing.saved_mib() == step().saved_mib()


def test_peak_holds_what_is_saved_and_the_gradients_but_no_parameters() -> None:
    words = 16 * 512
    batch = random_batch(9, 16, 512, 0, torch.device("cpu"))
    rows, outputs = words * 256 * 4, words * 128 * 4
    # While the rows are kept for the matrix's gradient, their own gradient is made from
    # that of the outputs.
    least = 2 * rows + outputs
    peak = TrainingStep(Table(), batch).peak_mib() * 2**20
    assert least <= peak < least + 3 * outputs


def test_a_step_trains() -> None:
    measured = step()
    before = float(measured.loss().detach())
    wall, cpu = measured.seconds()
    assert wall > 0
    assert cpu >= 0
    assert float(measured.loss().detach()) < before


def test_batches_are_random_words_of_a_seed() -> None:
    cpu = torch.device("cpu")
    batch = random_batch(50, 3, 7, 1, cpu)
    assert batch["input_ids"].shape == (3, 7)
    assert int(batch["input_ids"].max()) < 50
    assert torch.equal(batch["input_ids"], random_batch(50, 3, 7, 1, cpu)["input_ids"])
    assert bool(batch["attention_mask"].all())
