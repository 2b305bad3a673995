from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from qbert_lightning.benchmarks.hessian_contestants import Demand
from qbert_lightning.benchmarks.hessian_process import RefereeProcess
from qbert_lightning.errors import QbertError
from tests.benchmarks.problems import LAYER, saved_problem

TASK = {"contestant": "ours", **asdict(Demand(LAYER, 1, 1e-2, 50, 50, 3, 0))}


@pytest.mark.parametrize("num_threads", [1, 2])
def test_questions_are_answered_one_by_one(tmp_path: Path, num_threads: int) -> None:
    with RefereeProcess(*saved_problem(tmp_path), num_threads) as referee:
        first, second = referee.ask(TASK), referee.ask(TASK)
        wrong = referee.ask({**TASK, "layer": "bert.encoder.layer.9"})
    assert first["values"] == second["values"]
    assert wrong["error"].startswith("KeyError")


def test_a_process_that_is_gone_is_told(tmp_path: Path) -> None:
    with (
        RefereeProcess(tmp_path / "none", tmp_path, num_threads=1) as referee,
        pytest.raises(QbertError, match="ended with code 1"),
    ):
        referee.ask(TASK)
