"""Whether a forward pass is only done again, for the gradients of an earlier one."""

from __future__ import annotations

import torch


def is_recomputed() -> bool:
    """Whether a backward pass asks for this forward pass: gradient checkpointing.

    What was seen and counted the first time must not be once more, so that the same
    numbers come out. A compiled graph is not asked: with checkpointing around it, every
    pass counts.
    """
    if torch.compiler.is_compiling():
        return False
    # As `torch.utils.checkpoint` and sharded training ask: there is no public way.
    return torch._C._current_graph_task_id() != -1
