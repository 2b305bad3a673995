"""What a benchmark gets when it asks for a quantized model of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.benchmarks import Benchmark, Outcome, Say, Subject
from qbert_lightning.cli import run_command
from qbert_lightning.errors import QbertError
from qbert_lightning.export import load_checkpoint
from qbert_lightning.pipeline import bench as verb
from qbert_lightning.plan import QuantPlan
from tests.pipeline.test_bench import QUICK
from tests.tiny import tiny_bert

# Large enough for 128 groups, because `quant.groups` is no key of every method.
OWN = [
    *(each for each in QUICK if each.startswith(("task.", "finetune."))),
    "model.num_hidden_layers=2",
    "model.hidden_size=128",
    "model.intermediate_size=128",
]


class Asking(Benchmark):
    """Asks for models and keeps what it gets."""

    name = "asking"

    def __init__(self, *wanted: list[str]) -> None:
        self.wanted = wanted
        self.plans: list[dict[str, int]] = []
        self.float_folders: set[Path] = set()

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        for overrides in self.wanted:
            subject.check(overrides)
        self.float_folders.add(subject.float_folder())
        for overrides in self.wanted:
            _, plan = load_checkpoint(subject.quantized(overrides))
            self.plans.append(plan.weight_bits())
        return Outcome("", ("",), ())


def asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *wanted: list[str]
) -> tuple[int, Asking]:
    asking = Asking(*wanted)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verb, "instantiate", lambda _: asking)
    return run_command(["bench", "inference", *OWN]), asking


def test_models_share_the_float_model_and_differ_in_their_plans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_calibrated = "method._target_=qbert_lightning.methods.PostTraining"
    mixed = ["method=qbert_mp", "sensitivity=index", "allocator.average_bits=2.5"]
    code, asking = asked(
        tmp_path,
        monkeypatch,
        ["method=q8bert", only_calibrated],
        [*mixed, "allocator.candidate_bits=[2,3]", only_calibrated],
    )
    assert code == 0
    eight, both = asking.plans
    assert set(eight.values()) == {8}
    in_encoder = {bits for name, bits in both.items() if ".encoder." in name}
    assert in_encoder == {2, 3}
    assert len(list(tmp_path.glob("outputs/stages/finetune/*/model.safetensors"))) == 1


class Planning(Benchmark):
    """Asks for plans alone."""

    name = "planning"
    plans: tuple[QuantPlan, ...] = ()

    def run(self, subject: Subject, folder: Path, say: Say) -> Outcome:
        model = tiny_bert()
        own = ["quant.groups=1", "allocator=uniform"]
        ranked = ["method=qbert_mp", "quant.groups=1", "sensitivity=index"]
        self.plans = (
            subject.plan(["method=q8bert"], model),
            subject.plan(["method=qbert", "quant.weight_bits=3", *own], model),
            subject.plan(ranked, model),
        )
        with pytest.raises(QbertError, match="take an analysis of data"):
            subject.plan(["method=qbert_mp", "quant.groups=1"], model)
        return Outcome("", ("",), ())


def test_plans_are_made_for_any_model_and_without_any_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planning = Planning()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verb, "instantiate", lambda _: planning)
    assert run_command(["bench", "sizes"]) == 0
    eight, three, mixed = (plan.weight_bits() for plan in planning.plans)
    assert set(eight.values()) == {8}
    assert {bits for name, bits in three.items() if ".encoder." in name} == {3}
    in_layers = [mixed[f"bert.encoder.layer.{i}.output.dense"] for i in range(2)]
    assert in_layers == [3, 2]
    assert not (tmp_path / "outputs" / "stages").exists()


def test_an_override_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = asked(tmp_path, monkeypatch, ["method=q8brt"])
    assert code == 2
    assert "nearest q8bert" in capsys.readouterr().err
    assert not (tmp_path / "outputs" / "stages").exists()
