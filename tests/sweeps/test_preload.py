from __future__ import annotations

import torch

from qbert_lightning.sweeps.preload import can_fork


def test_a_process_that_may_have_computed_is_not_forked() -> None:
    assert torch.ones(2).sum() == 2
    assert not can_fork()
