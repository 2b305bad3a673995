from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.composition import Command
from qbert_lightning.pipeline.planned_jobs import PlannedSweep, planned_sweep


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def planned(*overrides: str, multirun: bool = False) -> PlannedSweep:
    return planned_sweep(Command("run", overrides, None, multirun))


def test_a_sweep_is_multiplied_as_hydra_does() -> None:
    sweep = planned("seed=0,1", "method=qbert", "quant.groups=1,4", multirun=True)
    assert [job.number for job in sweep.jobs] == [0, 1, 2, 3]
    assert [job.overrides for job in sweep.jobs][1] == (
        *("seed=0", "method=qbert", "quant.groups=4"),
    )
    assert [(job.config["seed"], job.config["quant"]["groups"]) for job in sweep.jobs] \
        == [(0, 1), (0, 4), (1, 1), (1, 4)]  # fmt: skip


def test_a_single_run_is_one_job() -> None:
    (job,) = planned("seed=7", "hydra.job.chdir=false").jobs
    assert job.overrides == ("seed=7",)
    with pytest.raises(QbertError, match="accepted with -m"):
        planned("seed=7,8")


def test_an_ablation_is_its_changes_and_seeds() -> None:
    sweep = planned("ablation=modules", "seed=5")
    names = [job.config["name"] for job in sweep.jobs]
    assert names[:2] == ["baseline-s5", "attention_only-s5"]
    assert "word_embeddings" not in sweep.jobs[-1].config["quant"]["rules"]


def test_of_a_search_the_first_settings_are_known() -> None:
    typed = ("allocator.bits.1=4", "allocator.bits.2=4", "quant.embedding_bits=8")
    sweep = planned("sweep=pareto_search", *typed, "hydra.sweeper.n_trials=3")
    assert sweep.jobs == ()
    assert sweep.num_open == 3
    assert sweep.first == tuple({"allocator.bits.0": bits} for bits in "843")
    assert sweep.source is None


def test_every_combination_is_checked_with_its_number() -> None:
    sweep = ("model.hidden_size=128,96", "method=qbert", "quant.groups=32,128")
    with pytest.raises(QbertError, match=r"job 3: quant\.groups=128 does not divide"):
        planned(*sweep, multirun=True)
