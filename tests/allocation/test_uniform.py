from __future__ import annotations

from qbert_lightning.allocation import Uniform
from tests.allocation.problems import example


def test_rules_keep_their_widths() -> None:
    problem = example([1.0, 2.0])
    assert Uniform().allocate(None, problem.blocks) == {}
    assert Uniform().allocate(problem.table, problem.blocks) == {}
