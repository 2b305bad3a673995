from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.benchmarks import InferenceBenchmark, Subject
from qbert_lightning.benchmarks import inference as benchmark_file
from qbert_lightning.benchmarks.contestant import Contestant, Place
from qbert_lightning.benchmarks.inference_peers import PEERS, UNIT
from qbert_lightning.benchmarks.inference_torch import TorchCompiled
from qbert_lightning.errors import QbertError
from qbert_lightning.runtimes import OpenVinoFixed
from tests.benchmarks.fake_runtime import FakeRuntime
from tests.tiny import tiny_batch

SMALL = {"batch_sizes": [2, 1], "tokens": 8, "rounds": 2, "seconds": 0.0}
GOOD = {"file_bytes": 2**20, "load_seconds": 0.1}


def said(size: int) -> dict[str, float]:
    return {
        "batch_size": size,
        "resident_mib": 1.0,
        "largest_difference": 0.0,
        "equal_argmax": 1.0,
    }


class Process:
    """Answers at once; what goes wrong is the test's choice."""

    tasks: list[tuple[str, str]]
    wrong: Mapping[tuple[str, str], dict[str, Any]]

    def __init__(self, contestant: Contestant, place: Place, batches: Path) -> None:
        self.who = type(contestant).__name__

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def ask(self, task: Mapping[str, Any]) -> dict[str, Any]:
        Process.tasks.append((self.who, task["do"]))
        answers = {
            "prepare": {"file_bytes": 2**20},
            "load": {"load_seconds": 0.1, "asked": [said(1), said(2)]},
            "time": {"seconds": 2.0 if self.who == "TorchFloat" else 1.0},
        }
        return Process.wrong.get((self.who, task["do"]), answers[task["do"]])


def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Mapping[tuple[str, str], dict[str, Any]] | None = None,
    **settings: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    Process.tasks, Process.wrong = [], wrong or {}
    asked_for: list[Sequence[str]] = []

    def quantized(overrides: Sequence[str]) -> Path:
        asked_for.append(overrides)
        return tmp_path

    absent = {"openvino", "onnxruntime"}
    monkeypatch.setattr(benchmark_file, "ContestantProcess", Process)
    monkeypatch.setattr(
        benchmark_file,
        "not_installed",
        lambda needs: "not installed" if absent & needs.keys() else None,
    )
    subject = Subject(lambda: tmp_path, lambda *sizes: [tiny_batch()], quantized)
    benchmark = InferenceBenchmark(**{**SMALL, **settings})
    outcome = benchmark.run(subject, tmp_path, lambda line: None)
    return outcome, {row[0]: row[1] for row in outcome.rows}, asked_for


def test_everybody_takes_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, rows, asked = run(
        tmp_path,
        monkeypatch,
        models={"w4": ["method=qbert"]},
        checkpoints={"mine": "some/folder"},
        runtimes={"fake": FakeRuntime()},
    )
    assert rows == {
        UNIT: "1",
        "torch.ao dynamic int8": "0.50 [0.50, 0.50]",
        "ONNX Runtime float32": "not installed",
        "ONNX Runtime dynamic int8": "not installed",
        "OpenVINO float32": "not installed",
        "OpenVINO int8 (NNCF)": "not installed",
        "OpenVINO int8 (NNCF), one length": "not installed",
        "mine, fake": "0.50 [0.50, 0.50]",
        "w4, fake": "0.50 [0.50, 0.50]",
    }
    timed = [who for who, do in Process.tasks if do == "time"]
    assert timed == ["TorchFloat", "TorchInt8", "Deployed", "Deployed"] * 4
    assert [each["batch_size"] for each in outcome.measurements[:4]] == [1, 1, 2, 2]
    assert asked[0][0] == "method=qbert"
    assert "PostTraining" in asked[0][1]
    assert "without training" in outcome.notes[-1]


def test_models_are_trained_if_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, asked = run(
        tmp_path,
        monkeypatch,
        models={"w4": ["method=qbert"]},
        runtimes={"fake": FakeRuntime()},
        train=True,
    )
    assert asked == [["method=qbert"]]


def test_a_peer_that_fails_in_the_middle_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {("TorchInt8", "time"): {"error": "it is gone", "code": 1}}
    outcome, rows, _ = run(tmp_path, monkeypatch, wrong)
    assert rows["torch.ao dynamic int8"] == "it is gone"
    assert Process.tasks.count(("TorchInt8", "time")) == 1
    assert {each["who"] for each in outcome.measurements} == {UNIT}


@pytest.mark.parametrize(
    ("who", "code", "is_row"),
    [
        ("Deployed", 2, True),
        ("Deployed", 3, True),
        ("Deployed", 1, False),
        ("TorchFloat", 1, False),
    ],
)
def test_ours_may_refuse_but_must_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str, code: int, is_row: bool
) -> None:
    wrong = {(who, "prepare"): {"error": "because", "code": code}}
    ours = {"checkpoints": {"mine": "some"}, "runtimes": {"fake": FakeRuntime()}}
    if is_row:
        assert run(tmp_path, monkeypatch, wrong, **ours)[1]["mine, fake"] == "because"
    else:
        with pytest.raises(QbertError, match=r"bench: .*: because") as caught:
            run(tmp_path, monkeypatch, wrong, **ours)
        assert caught.value.code == 1


def test_compilers_are_left_out_unless_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "PyTorch float32 compiled" not in run(tmp_path, monkeypatch)[1]
    (tmp_path / "more").mkdir()
    more = run(tmp_path / "more", monkeypatch, compiled=True)[1]
    assert "PyTorch float32 compiled" in more
    assert [who for who, peer in PEERS.items() if isinstance(peer, TorchCompiled)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokens": 0},
        {"num_threads": 0},
        {"rounds": 0},
        {"batch_sizes": []},
        {"batch_sizes": [1, 0]},
        {"seconds": -1.0},
        {"models": {"mine": "method=q8bert"}},
        {"tokens": 9, "runtimes": {"fixed": OpenVinoFixed(8)}},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    *_, key = wrong
    with pytest.raises(QbertError, match=rf"bench.{key}.*=.*: accepted"):
        InferenceBenchmark(**wrong)
