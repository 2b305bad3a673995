"""Reading one record."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from qbert_lightning.report.run import Run, StageUse
from tests.report.run_folders import record


def test_reads_what_a_record_says() -> None:
    run = Run.from_record(
        Path("outputs/7"),
        record(
            seed=3,
            metrics={"test/accuracy": 0.5, "val/accuracy": math.nan, "note": "text"},
            bits={"a.0": 2, "a.1": 3},
            sensitivity={
                "metric": "hessian_eigenvalue",
                "importance": {"a.0": 1.5},
                "scores": {"a.0": {"2": 0.5, "4": math.inf, "x": 1, "8": "y"}},
                "samples": {"a.0": [1.0, -2.0]},
            },
            stages={"finetune": {"key": "k", "reused": True, "seconds": 1.5}},
            data={"rows": {"test": 872}},
        ),
    )

    assert run.seed == 3
    assert run.metrics["test/accuracy"] == 0.5
    assert math.isnan(run.metrics["val/accuracy"])
    assert "note" not in run.metrics
    assert run.bits == {"a.0": 2, "a.1": 3}
    assert run.scores == {"a.0": {2: 0.5, 4: math.inf}}
    assert run.samples == {"a.0": (1.0, -2.0)}
    assert run.stages == {"finetune": StageUse("k", True, 1.5)}
    assert run.rows == {"test": 872}
    assert run.hardware == "Example CPU, 2 cores, 24 GiB, no GPU"
    assert run.commit == "0123456789ab"
    assert run.config["quant.groups"] == 12


def test_says_when_the_checkout_had_changes() -> None:
    environment = {"git_commit": "abcdef", "git_dirty": True, "hardware": {}}
    run = Run.from_record(Path("x"), record(environment=environment))
    assert run.commit == "abcdef with changes"
    assert run.hardware == ""


def test_a_run_without_a_name_is_called_by_its_folder() -> None:
    assert Run.from_record(Path("outputs/7"), record(name="")).name == "7"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version: expected 1, got 2"),
        ({"status": "done"}, "status: expected one of"),
        ({"metrics": [1]}, "metrics: expected an object, got list"),
        ({"stages": {"finetune": 1}}, "stages: expected objects, got int"),
        ({"sensitivity": {"samples": {"a": 1}}}, "samples: expected lists, got int"),
    ],
)
def test_refuses_another_schema(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Run.from_record(Path("x"), record(**change))


@pytest.mark.parametrize(
    ("bits", "sizes", "expected"),
    [
        ({"a": 32, "b": 32}, (10.0, 10.0), False),
        ({"a": 32, "b": 4}, (10.0, 10.0), True),
        ({"a": 32}, (8.0, 10.0), True),  # embeddings only
        ({}, (10.0, 10.0), False),
    ],
)
def test_a_float_model_is_not_quantized(
    bits: dict[str, int], sizes: tuple[float, float], expected: bool
) -> None:
    size, float_size = sizes
    metrics = {"quant/size_mb": size, "quant/float_size_mb": float_size}
    run = Run.from_record(Path("x"), record(bits=bits, metrics=metrics))
    assert run.is_quantized is expected
