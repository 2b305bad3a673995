"""The widest range seen."""

from __future__ import annotations

import torch

from qbert_lightning.observers import MinMax


def test_keeps_the_extremes_of_all_batches() -> None:
    observer = MinMax().build(symmetric=False)
    for batch in ([1.0, 2.0], [-4.0, 0.0], [0.5, 3.0]):
        observer(torch.tensor(batch))
    assert [x.item() for x in observer.range()] == [-4.0, 3.0]


def test_symmetric_takes_the_larger_side() -> None:
    observer = MinMax().build(symmetric=True)
    observer(torch.tensor([-4.0, 1.0]))
    assert [x.item() for x in observer.range()] == [-4.0, 4.0]
