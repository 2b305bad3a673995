"""Rank correlations over several float models."""

from __future__ import annotations

import statistics

import pytest

from qbert_lightning.report import agreement_table
from qbert_lightning.report.aggregate import Summary
from tests.report.analyses import analysis, measurement, table


def test_seeds_are_one_row_with_their_mean_and_deviation() -> None:
    orders = ([1, 4, 2, 8], [1, 2, 4, 8], [8, 4, 2, 1])
    runs = [
        made
        for seed, order in enumerate(orders)
        for made in (
            measurement(f"float-{seed}", config={"seed": seed}),
            analysis("random", order, None, f"float-{seed}", config={"seed": seed}),
        )
    ]
    first, second = agreement_table(runs)
    expected = [1.0, 0.8, -0.8]
    assert (first.bits, second.bits, first.quantity) == (2, 4, "importance")
    assert (first.num_blocks, first.num_models) == (4, 3)
    assert first.spearman.mean == pytest.approx(statistics.fmean(expected))
    assert first.spearman.std == pytest.approx(statistics.stdev(expected))
    assert first.spearman.n == first.kendall.n == 3


def test_the_metric_that_agrees_best_comes_first() -> None:
    runs = [
        measurement(),
        analysis("constant", [1, 1, 1, 1]),
        analysis("random", [8, 4, 2, 1]),
        analysis("hessian_trace", [1, 4, 2, 8]),
    ]
    rows = [row for row in agreement_table(runs) if row.bits == 2]
    assert [row.metric for row in rows] == ["hessian_trace", "random", "constant"]
    assert rows[0].spearman == Summary(1.0, None, 1)
    assert rows[0].detail == ""


def test_rows_of_one_metric_tell_what_sets_them_apart() -> None:
    runs = [
        analysis("random", [1, 2, 3, n], config={"sensitivity": {"max_examples": n}})
        for n in (64, 256)
    ]
    rows = agreement_table([measurement(config={}), *runs])
    assert {row.detail for row in rows} == {"max_examples=64", "max_examples=256"}


def test_analyses_of_other_blocks_are_no_reason_to_tell_settings() -> None:
    few, many = {"sensitivity": {"size": 1}}, {"sensitivity": {"size": 2}}
    other = table("perturbation", [1, 2, 3, 4, 5], {2: [1, 2, 3, 4, 5]})
    runs = [
        *(measurement(config={}), analysis("random", config=few)),
        analysis("perturbation", sensitivity=other, config={}),
        analysis("random", [5, 4, 3, 2, 1], config=many),
    ]
    rows = agreement_table(runs)
    assert [(row.num_blocks, row.detail) for row in rows] == [(4, ""), (4, ""), (5, "")]


def test_no_measurement_is_no_row() -> None:
    assert agreement_table([analysis("random")]) == []
