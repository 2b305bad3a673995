from __future__ import annotations

from qbert_lightning.pipeline.new_record import new_record


def test_what_the_configuration_tells() -> None:
    config = {
        "name": "mine",
        "seed": 7,
        "task": {"name": "sst2", "module": {"metrics": ["accuracy", "f1"]}},
        "method": {"name": "qbert"},
    }
    record = new_record(config, "analyze", ["seed=7"], retries=["out of memory"])
    assert (record.name, record.task, record.method) == ("mine", "sst2", "qbert")
    assert (record.kind, record.seed, record.status) == ("analyze", 7, "running")
    assert record.primary_metric == "test/accuracy"
    assert (record.overrides, record.retries) == (["seed=7"], ["out of memory"])
    assert record.config == config
