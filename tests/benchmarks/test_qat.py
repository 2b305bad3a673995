"""The benchmark of training steps, on a tiny model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from qbert_lightning.benchmarks import QatBenchmark, Subject
from qbert_lightning.benchmarks import qat as module
from qbert_lightning.benchmarks.qat import ratio
from qbert_lightning.benchmarks.qat_contestants import FLOAT, contestants
from qbert_lightning.benchmarks.qat_peers import PEERS
from qbert_lightning.errors import QbertError
from qbert_lightning.tracking.json_values import to_text
from tests.benchmarks.problems import saved_problem


def test_everybody_is_measured_on_the_same_batch(tmp_path: Path) -> None:
    folder, _ = saved_problem(tmp_path)
    subject = Subject(lambda: folder, lambda *sizes: [])
    said: list[str] = []
    settings: dict[str, Any] = {"batch_size": 2, "tokens": 8, "groups": 4, "rounds": 2}
    outcome = QatBenchmark(**settings, accelerator="cpu").run(
        subject, tmp_path, said.append
    )
    assert [row[0] for row in outcome.rows] == list(contestants(4))
    assert outcome.rows[0][2:4] == ("1.00 [1.00, 1.00]",) * 2
    assert len(outcome.measurements) == 2 * len(outcome.rows)
    memory = outcome.facts["memory"]
    for scheme in ("q8bert", "qbert w4", "qbert w2"):
        fake, int8 = (memory[f"ours, {scheme}, {way}"] for way in ("fake", "int8"))
        assert int8["saved_mib"] < fake["saved_mib"]
    json.loads(to_text([outcome.measurements, outcome.facts, outcome.rows]))


def test_a_peer_that_fails_is_a_note_and_ours_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(model: nn.Module) -> nn.Module:
        raise TypeError("another version\nand more")

    folder, _ = saved_problem(tmp_path)
    subject = Subject(lambda: folder, lambda *sizes: [])
    benchmark = QatBenchmark(batch_size=2, tokens=8, rounds=1, accelerator="cpu")
    who = next(iter(PEERS))
    some: dict[str, Any] = {FLOAT: lambda model: model, who: fail}
    monkeypatch.setattr(module, "contestants", lambda groups: some)
    outcome = benchmark.run(subject, tmp_path, lambda line: None)
    assert [row[0] for row in outcome.rows] == [FLOAT]
    assert f"{who}: failed: TypeError: another version" in outcome.notes
    some["ours"] = fail
    with pytest.raises(QbertError, match="bench: ours: TypeError") as caught:
        benchmark.run(subject, tmp_path, lambda line: None)
    assert caught.value.code == 1


def test_ratios_are_of_the_same_round() -> None:
    times = [(FLOAT, 2.0), ("ours", 1.0), (FLOAT, 4.0), ("ours", 4.0)]
    measurements = [{"who": who, "wall_seconds": time} for who, time in times]
    assert ratio("ours", measurements, "wall_seconds").rounds == (0.5, 1.0)


@pytest.mark.parametrize("key", ["batch_size", "tokens", "groups", "rounds"])
def test_numbers_below_one_are_refused(key: str) -> None:
    with pytest.raises(QbertError, match=f"bench.{key}=0: accepted 1 or more"):
        QatBenchmark(**{key: 0})


def test_some_may_be_chosen_and_strangers_are_refused(tmp_path: Path) -> None:
    folder, _ = saved_problem(tmp_path)
    subject = Subject(lambda: folder, lambda *sizes: [])
    chosen = "ours, qbert w4, int8"
    outcome = QatBenchmark(
        batch_size=2, tokens=8, groups=4, rounds=1, accelerator="cpu", who=[chosen]
    ).run(subject, tmp_path, lambda line: None)
    assert [row[0] for row in outcome.rows] == [FLOAT, chosen]
    with pytest.raises(QbertError, match="accepted null, or of float; ours"):
        QatBenchmark(who=["mine"])
