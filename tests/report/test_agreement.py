"""Metrics paired with measurements."""

from __future__ import annotations

import math

import pytest

from qbert_lightning.report.agreement import agreements
from tests.report.analyses import MEASURED, analysis, measurement


def test_a_metric_without_scores_is_compared_at_every_measured_width() -> None:
    found = agreements([analysis("hessian_trace", [1, 4, 2, 8]), measurement()])
    assert [(pair.bits, pair.quantity) for pair in found] == [
        (2, "importance"),
        (4, "importance"),
    ]
    assert found[0].measured == MEASURED
    assert found[0].spearman == found[0].kendall == 1
    assert found[1].predicted == (1, 4, 2, 8)
    assert found[1].spearman == pytest.approx(-1)


def test_a_metric_with_scores_is_compared_at_the_widths_both_have() -> None:
    scored = analysis("hessian_trace", [1, 1, 1, 1], {2: [8, 2, 4, 1], 3: [1, 2, 3, 4]})
    (pair,) = agreements([measurement(), scored])
    assert (pair.bits, pair.quantity, pair.predicted) == (2, "score", (8, 2, 4, 1))
    assert pair.kendall == -1


def test_scores_for_other_groups_are_not_compared() -> None:
    config = {"quant": {"groups": 1}}
    scored = analysis("hessian_trace", scores={2: [1, 2, 3, 4]}, config=config)
    found = agreements([measurement(), scored])
    assert {pair.quantity for pair in found} == {"importance"}


@pytest.mark.parametrize(
    "other",
    [
        {"model": "float-1"},
        {"model": ""},
        {"status": "failed"},
        {"sensitivity": None},
        {"importance": [1.0, 2.0]},
    ],
)
def test_what_looked_at_something_else_is_not_paired(other: dict) -> None:
    assert agreements([analysis("random", **other), measurement()]) == []


def test_without_a_finetune_stage_nothing_is_paired() -> None:
    assert agreements([analysis("random", model=""), measurement(model="")]) == []


def test_a_shared_analysis_is_paired_once_and_two_seeds_twice() -> None:
    runs = [analysis("random", [1, 2, 3, x]) for x in (4, 4, 0)]
    assert len(agreements([*runs, measurement()])) == 2 * 2


def test_the_newest_measurement_counts() -> None:
    older, newer = measurement(name="older"), measurement(name="newer")
    found = agreements([older, newer, analysis("index")])
    assert {pair.measuring.name for pair in found} == {"newer"}


def test_blocks_without_a_finite_number_are_left_out() -> None:
    found = agreements([analysis("random", [1, math.inf, 3, math.nan]), measurement()])
    assert found[0].blocks == ("layer.0", "layer.2")
    assert found[0].measured == (0.1, 0.2)


def test_a_measurement_without_widths_is_compared_by_importance() -> None:
    truth = analysis("perturbation", MEASURED)
    (pair,) = agreements([truth, analysis("index", [0, 1, 2, 3])])
    assert (pair.bits, pair.quantity) == (None, "importance")
    assert pair.spearman == pytest.approx(0.8)
