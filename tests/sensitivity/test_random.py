from __future__ import annotations

from typing import TYPE_CHECKING

from qbert_lightning.sensitivity import RandomSensitivity

if TYPE_CHECKING:
    from tests.sensitivity.conftest import Stack


def test_every_seed_has_an_order_of_its_own(stack: Stack) -> None:
    tables = [RandomSensitivity(seed=s).score(stack.problem()) for s in range(20)]
    assert tables[3] == RandomSensitivity(seed=3).score(stack.problem())
    orders = {tuple(sorted(t.importance, key=t.importance.get)) for t in tables}
    assert orders == {("soft", "stiff"), ("stiff", "soft")}
    assert all(0 < x <= 1 for table in tables for x in table.importance.values())
