"""Distinct bit plans."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.report import Run
from qbert_lightning.report.plans import bit_plans
from tests.report.run_folders import record


def run(*bits: int, average: float | None = None) -> Run:
    plan = {f"layer.{i}": width for i, width in enumerate(bits)}
    metrics = {} if average is None else {"quant/average_bits": average}
    return Run.from_record(Path("x"), record(bits=plan, metrics=metrics))


def test_equal_plans_are_one_row_and_fewest_bits_come_first() -> None:
    plans = bit_plans([run(4, 4), run(2, 3), run(4, 4), run(3, 2)])
    assert [list(plan.bits.values()) for plan in plans] == [[2, 3], [3, 2], [4, 4]]
    assert [len(plan.runs) for plan in plans] == [1, 1, 2]
    assert plans[0].mean == 2.5


def test_blocks_of_different_size_have_the_mean_of_the_record() -> None:
    [plan] = bit_plans([run(2, 4, average=3.5)])
    assert plan.mean == 3.5


def test_a_float_model_has_no_plan() -> None:
    assert bit_plans([run(32, 32), run()]) == []
