"""What W&B is told of a run fits its limits, and groups by what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.tracking import RunRecord
from qbert_lightning.tracking.wandb_labels import (
    labels,
    nested,
    override_values,
    tags,
)


def record(**values: object) -> RunRecord:
    """A record of a run on sst2."""
    return RunRecord(**{"name": "a", "task": "sst2", "method": "qbert", **values})  # type: ignore[arg-type]


def test_run_of_a_sweep_is_filed_under_its_folder() -> None:
    found = labels(record(kind="run"), Path("outputs/sweeps/bits-4711"))
    assert found["group"] == "bits-4711"
    assert found["job_type"] == "run"
    assert found["name"] == "a"
    assert labels(record(), Path("bits"), "mine")["group"] == "mine"
    assert labels(record(), None)["group"] is None


def test_overrides_are_configuration_of_their_own() -> None:
    given = record(
        config={"quant": {"groups": 12}, "seed": 1},
        overrides=["quant.groups=12", "method=qbert", "task.data.max_length=64"],
    )
    assert labels(given, None)["config"] == {
        "quant": {"groups": 12},
        "seed": 1,
        "overrides": {
            "quant": {"groups": 12},
            "method": "qbert",
            "task": {"data": {"max_length": 64}},
        },
    }


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("a=3", 3),
        ("a=3.5e-1", 0.35),
        ("a=true", True),
        ("a=null", None),
        ("a=[2,4]", "[2,4]"),
        ("a='b=c'", "'b=c'"),
        ("a=", ""),
    ],
)
def test_values_are_numbers_where_they_look_so(override: str, value: object) -> None:
    assert override_values([override]) == {"a": value}


def test_last_override_of_a_key_holds() -> None:
    assert override_values(["seed=1", "seed=2"]) == {"seed": 2}


def test_choice_beside_its_keys_is_kept_in_any_order() -> None:
    both = {"model": {"_choice_": "tiny", "layers": 2}}
    assert nested({"model": "tiny", "model.layers": 2}) == both
    assert nested({"model.layers": 2, "model": "tiny"}) == both


def test_tags_are_what_the_server_takes() -> None:
    wanted = ["x" * 80, "", "two\nlines", "sst2", "  "]
    found = tags(record(config={"tags": wanted}))
    assert found == ["x" * 64, "two lines", "sst2", "qbert"]


def test_long_and_unprintable_names_are_cut_to_one_line() -> None:
    found = labels(record(name="a\x00b\n" + "c" * 500), Path("g" * 255))
    assert found["name"] == ("a b " + "c" * 500)[:128]
    assert found["group"] == "g" * 128
