from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.past_runs import PastRun
from qbert_lightning.pipeline.predicted_time import PastTimes, fingerprint

SECONDS = {"finetune": 100.0, "evaluate_float": 10.0, "quantize": 7.0, "evaluate": 3.0}


def config(**changes: object) -> dict[str, Any]:
    base = {
        "seed": 0,
        "name": None,
        "task": {"name": "sst2"},
        "model": {"m": 1},
        "method": {"name": "qbert"},
        "finetune": {"seed": 0, "max_steps": 5},
        "quantize": {"seed": 0, "max_steps": 5},
        "paths": {"output_dir": "a"},
        "allocator": {},
    }
    return base | changes


def past(seconds: float = 1.0, **changes: object) -> PastRun:
    stages = {name: {"seconds": value * seconds} for name, value in SECONDS.items()}
    values = {"status": "finished", "kind": "run", "config": config(seed=9)}
    return PastRun(Path("x"), stages=stages, **(values | changes))  # type: ignore[arg-type]


def test_the_float_model_is_trained_once() -> None:
    times = PastTimes([past(1.0), past(3.0)])
    assert times.seconds(config(), has_float=False) == pytest.approx(240.0)
    assert times.seconds(config(seed=1), has_float=False) == pytest.approx(20.0)
    other = config(finetune={"seed": 1, "max_steps": 5})
    assert times.seconds(other, has_float=False) == pytest.approx(240.0)
    assert times.seconds(config(seed=2), has_float=True) == pytest.approx(20.0)


@pytest.mark.parametrize(
    "change",
    [
        {"task": {"name": "cola"}},
        {"model": {"m": 2}},
        {"method": {"name": "q8bert"}},
        {"quantize": {"seed": 0, "max_steps": 6}},
        {"allocator": {"candidate_bits": [2, 3]}, "sensitivity": {"_target_": "h"}},
    ],
)
def test_other_runs_say_nothing(change: dict[str, object]) -> None:
    assert PastTimes([past()]).seconds(config(**change), has_float=True) is None
    assert PastTimes([past(status="failed")]).seconds(config(), has_float=True) is None


def test_what_finished_before_takes_no_time() -> None:
    done = config(paths={"output_dir": "b"}, name="mine")
    assert PastTimes([past(config=done)]).seconds(config(), has_float=True) == 0.0
    part = past(config=done, kind="finetune")
    assert not PastTimes([part]).is_finished(config())


def test_names_and_places_are_not_computed_with() -> None:
    assert fingerprint(config(name="a")) == fingerprint(config(paths={}))
    assert fingerprint(config(seed=0)) != fingerprint(config(seed=1))
