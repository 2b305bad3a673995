"""One comparison."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qbert_lightning.report import Run, aggregate
from qbert_lightning.report.view import comparison
from tests.report.run_folders import record


def view(*records: dict[str, Any]) -> dict[str, Any]:
    return comparison(aggregate(Run.from_record(Path("x"), r) for r in records))


def test_every_test_number_is_a_column_and_the_judging_one_comes_first() -> None:
    found = view(
        record(
            metrics={
                "test_mismatched/accuracy": 0.83,
                "test/f1": 0.8,
                "test/accuracy": 0.84,
                "test/loss": 0.4,
            },
            splits={"test": "matched dev", "test_mismatched": "mismatched dev"},
        )
    )
    assert found["scores"] == [
        {"metric": "accuracy", "split": "matched dev"},
        {"metric": "accuracy", "split": "mismatched dev"},
        {"metric": "f1", "split": "matched dev"},
    ]
    scores = found["settings"][0]["scores"]
    assert scores == [(0.84, None, 1), (0.83, None, 1), (0.8, None, 1)]


def test_groups_and_activation_bits_are_those_of_quantized_models() -> None:
    config = {"quant": {"groups": 12, "activation_bits": 8}}
    quantized = view(record(config=config))["settings"][0]
    plain = view(record(config=config, bits={"a": 32}))["settings"][0]
    assert (quantized["groups"], quantized["activation"]) == (12, 8)
    assert (plain["groups"], plain["activation"]) == (None, None)


def test_a_run_without_its_score_has_none() -> None:
    assert view(record(metrics={}))["settings"][0]["scores"] == [None]


def test_values_are_written_as_in_yaml() -> None:
    found = view(*(record(config={"x": x}) for x in (None, True, 0.5, "text")))
    values = [setting["values"] for setting in found["settings"]]
    assert values == [["null"], ["true"], ["0.5"], ["text"]]


def test_data_is_named_with_its_number_of_rows() -> None:
    found = view(
        record(data={"rows": {"train": 67349, "test": 872}}),
        record(data={"rows": {"train": 1000, "test": 872}}, config={"part": 1}),
    )
    splits = dict(found["splits"])
    assert splits["test"] == ["SST-2 dev (872 rows)"]
    assert len(splits["train"]) == 2
    assert found["rows"] == 872


def test_lower_is_better_for_a_loss() -> None:
    assert view(record())["higherIsBetter"]
    judged_by_loss = record(primary_metric="test/loss", metrics={"test/loss": 0.1})
    assert not view(judged_by_loss)["higherIsBetter"]


def test_plans_name_the_settings_they_belong_to() -> None:
    found = view(
        record(bits={"l.0": 2, "l.1": 3}),
        record(bits={"l.0": 2}, config={"part": 1}),
    )
    rows = found["plans"]["rows"]
    assert found["plans"]["labels"] == ["0", "1"]
    assert [(row["bits"], row["settings"]) for row in rows] == [
        ([2, None], [1]),
        ([2, 3], [0]),
    ]
