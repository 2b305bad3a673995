"""What the plan's stage depends on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from qbert_lightning.pipeline.allocate import allocate
from qbert_lightning.plan import SensitivityTable

CONFIG = {"quant": {}, "allocator": {}, "blocks": "layers"}


def key_of(table: SensitivityTable | None) -> dict[str, Any]:
    bench: Any = SimpleNamespace(config=CONFIG, stage=lambda name, key, make: key)
    float_stage: Any = SimpleNamespace(key="float")
    key: Any = allocate(bench, float_stage, table)
    return key


def test_a_plan_by_sizes_counted_otherwise_is_not_reused() -> None:
    table = SensitivityTable("x", {"a": 1.0})
    before = {**CONFIG, "float": "float", "sensitivity": table.to_json()}
    assert key_of(table) == {**before, "sizes": "of the packed file"}


def test_a_plan_without_sizes_has_the_key_it_always_had() -> None:
    assert key_of(None) == {**CONFIG, "float": "float", "sensitivity": None}
