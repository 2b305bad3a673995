"""What is entered about a plan."""

from __future__ import annotations

from qbert_lightning.pipeline.record import record_plan
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.tracking import RunRecord
from tests.tiny import tiny_bert

FIRST, SECOND = "bert.encoder.layer.0", "bert.encoder.layer.1"


def test_blocks_have_one_width_or_one_for_each_matrix() -> None:
    record = RunRecord("run")
    widths = {
        f"{FIRST}.output.dense": 3,
        f"{FIRST}.intermediate.dense": 3,
        f"{SECOND}.output.dense": 2,
        f"{SECOND}.intermediate.dense": 4,
    }
    plan = QuantPlan({k: QuantScheme(weight=AffineSpec(b)) for k, b in widths.items()})
    record_plan(record, plan, tiny_bert())
    assert record.bits == {
        FIRST: 3,
        f"{SECOND}.output.dense": 2,
        f"{SECOND}.intermediate.dense": 4,
    }


def test_a_float_model_has_32_bits() -> None:
    record = RunRecord("run")
    record_plan(record, QuantPlan(), tiny_bert())
    assert record.bits == {FIRST: 32, SECOND: 32}
    assert record.metrics["quant/average_bits"] == 32
