"""The task's loss against torch's cross entropy."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from qbert_lightning.objectives import TaskObjective
from tests.tiny import tiny_batch, tiny_bert


def test_is_the_cross_entropy_of_the_logits() -> None:
    model, batch = tiny_bert().eval(), tiny_batch()
    terms = TaskObjective()(model, batch)
    assert list(terms) == ["task"]
    expected = F.cross_entropy(model(**batch).logits, batch["labels"])
    assert torch.allclose(terms["task"], expected)
