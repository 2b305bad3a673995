"""Batches."""

from __future__ import annotations

import torch

from qbert_lightning.hessian.batch import num_examples, on_device


def test_a_moved_batch_is_a_mapping_of_its_own() -> None:
    batch = {"x": torch.ones(3, 2)}
    moved = on_device(batch, torch.device("cpu"))
    moved.pop("x")
    assert num_examples(batch) == 3.0
