from __future__ import annotations

from qbert_lightning.sweeps.job import gpus_of, runs_in_one_process


def trainer(**settings: object) -> dict[str, object]:
    return {"trainer": settings}


def test_gpus_that_a_trainer_asks_for() -> None:
    assert gpus_of(trainer(accelerator="cpu", devices=4)) == 0
    assert gpus_of(trainer(accelerator="gpu", devices=2)) == 2
    assert gpus_of(trainer(accelerator="cuda")) == 1
    assert gpus_of(trainer(accelerator="gpu", devices=-1)) == 1


def test_only_one_device_of_the_cpu_is_forked() -> None:
    assert runs_in_one_process(trainer(accelerator="cpu", devices=1))
    assert not runs_in_one_process(trainer(accelerator="cpu", devices=2))
    assert not runs_in_one_process(trainer(accelerator="gpu", devices=1))
    assert not runs_in_one_process(trainer(accelerator="auto", devices=1))
