"""Which keys tell settings apart."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.report import Run, Setting, aggregate
from qbert_lightning.report.differences import differing_keys, telling_keys
from tests.report.run_folders import record


def settings(*configs: dict[str, object], method: str = "") -> list[Setting]:
    runs = [
        Run.from_record(
            Path("x"),
            record(config=config, method=method or str(config.get("method", "qbert"))),
        )
        for config in configs
    ]
    return aggregate(runs)


def test_only_differing_keys_are_listed() -> None:
    found = settings({"lr": 1, "epochs": 3}, {"lr": 2, "epochs": 3})
    assert differing_keys(found) == ["lr"]
    assert telling_keys(found) == ["lr"]


def test_what_follows_from_the_method_is_not_told_again() -> None:
    found = settings(
        {"method": "qbert", "rules": {"observer": "ema", "match": "x"}},
        {"method": "directq", "rules": {"observer": "minmax", "match": "y"}},
    )
    assert len(differing_keys(found)) == 3
    assert telling_keys(found) == []


def test_columns_of_their_own_are_not_repeated() -> None:
    found = settings({"quant": {"groups": 1}}, {"quant": {"groups": 12}})
    assert telling_keys(found) == []


def test_arguments_follow_from_the_class_that_takes_them() -> None:
    found = settings(
        {"metric": {"_target_": "a.Trace", "batch": 1}},
        {"metric": {"_target_": "a.Random"}},
        {"metric": {"_target_": "a.Random", "batch": 2}},
    )
    assert telling_keys(found) == ["metric._target_", "metric.batch"]
    assert telling_keys(found[:2]) == ["metric._target_"]


def test_a_typed_override_wins_over_its_consequence() -> None:
    runs = [
        Run.from_record(
            Path("x"),
            record(
                config={"a": value, "deep": {"er": value}},
                overrides=[f"deep.er={value}"],
            ),
        )
        for value in (1, 2)
    ]
    assert telling_keys(aggregate(runs)) == ["deep.er"]


def test_a_key_only_some_have_tells_them_apart() -> None:
    assert telling_keys(settings({"a": 1}, {"a": 1, "b": None})) == ["b"]


def test_every_pair_of_settings_is_told_apart() -> None:
    configs = [{"a": a, "b": b, "c": a * b} for a in (1, 2, 3) for b in (1, 2, 3)]
    found = settings(*configs)
    keys = telling_keys(found)
    assert len({tuple(s.settings[key] for key in keys) for s in found}) == 9
