from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack


def test_a_copy_has_a_model_of_its_own_with_its_blocks_in_it(
    stack: Stack, subset: Callable[..., list]
) -> None:
    problem = stack.problem(subset(1.0))
    copy = problem.copied(torch.device("cpu"), torch.float32)
    assert copy.blocks["soft"] is copy.model["soft"]
    assert copy.model["soft"].weight.dtype == torch.float32
    with torch.no_grad():
        copy.model["soft"].weight.zero_()
    assert problem.model["soft"].weight.abs().sum() > 0
    [batches] = problem.subsets
    assert copy.loss_function(batches[0]) != problem.loss_function(batches[0])
