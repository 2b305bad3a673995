"""Sensitivities while a model trains."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.callbacks import TrainingSensitivity
from qbert_lightning.hessian import HessianOperator, top_eigenpairs
from qbert_lightning.models import double_differentiable_attention
from qbert_lightning.modules import mean_loss
from qbert_lightning.sensitivity import HessianEigenvalue, IndexSensitivity
from qbert_lightning.tracking import read_metrics
from tests.callbacks.run_tiny import fit
from tests.tiny import tiny_batch

BLOCK = "bert.encoder.layer.1"
KEY = f"hessian/top_eigenvalue/{BLOCK}"
METRIC = HessianEigenvalue(num_subsets=2, batch_size=8, tolerance=1e-5)


def test_every_few_steps_and_at_the_end(tmp_path: Path) -> None:
    module, logged = fit(tmp_path, TrainingSensitivity(METRIC, 3), steps=7)
    rows = [row for row in read_metrics(tmp_path) if KEY in row]
    assert [row["step"] for row in rows] == [3, 6, 7]
    assert len({row[KEY] for row in rows}) == 3

    values = []
    model = module.model
    parameters = list(model.get_submodule(BLOCK).parameters())
    with double_differentiable_attention(model):
        for seed in (100, 101):
            data = [tiny_batch(8, seed=seed)]
            loss = lambda batch: mean_loss(model, batch)  # noqa: E731
            with HessianOperator(model, loss, {BLOCK: parameters}, data) as hessian:
                values += top_eigenpairs(hessian, tolerance=1e-5).values
    assert logged[KEY] == pytest.approx(sum(values) / 2, rel=1e-3)


def test_looking_changes_nothing(tmp_path: Path) -> None:
    looked, _ = fit(tmp_path / "a", TrainingSensitivity(METRIC, 1))
    torch.manual_seed(0)
    alone, _ = fit(tmp_path / "b")
    for name, weight in alone.model.state_dict().items():
        assert torch.equal(weight, looked.model.state_dict()[name]), name


def test_a_metric_without_data_logs_its_importance(tmp_path: Path) -> None:
    _, logged = fit(tmp_path, TrainingSensitivity(IndexSensitivity(), 2, "embeddings"))
    assert logged["sensitivity/bert.embeddings.word_embeddings"] == 3.0
