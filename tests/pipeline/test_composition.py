from __future__ import annotations

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline import composition
from qbert_lightning.pipeline.composition import Command, check_command, config_folder


def check(*overrides: str, multirun: bool = True, folder: Path | None = None) -> bool:
    return check_command(Command("run", overrides, folder, multirun))


def test_configuration_is_found() -> None:
    assert (config_folder() / "run.yaml").is_file()


def test_single_run_and_sweep_are_told_apart() -> None:
    assert not check(multirun=False)
    assert check("seed=1,2")
    assert check("hydra.mode=MULTIRUN", multirun=False)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["seed=1,2,x"], "seed=x"),
        (["seed=range(-1,3)"], "seed=-1"),
        (["seed=1,2", "method=qbert", "quant.weight_bits=2,9"], "quant.weight_bits=9"),
        (["method=qbert", "quant.groups=1,12,128"], "quant.groups=12 does not divide"),
        (["model=glob(nothing*)"], "model=glob.*no value"),
        (["seed=range(1,1000000000)"], "accepted 1..1000 values"),
        (["seed=range(900)", "finetune.max_epochs=range(900)"], "sweep of 810000 jobs"),
        (["finetune.optimizer.lr=interval(-1,1)"], "lr=-1"),
        (["hydra.launcher._target_=os.system"], "hydra.launcher._target_"),
        (["method=qbert_mp", "quant.weight_bits=2,3"], "allocator=uniform"),
    ],
)
def test_every_choice_is_checked_before_the_first_job(
    overrides: list[str], said: str
) -> None:
    with pytest.raises(QbertError, match=said):
        check(*overrides)


def test_choices_of_sweeps_are_not_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four sweeps of four values are 256 jobs and 1 + 4 * 3 checks."""
    checked = []
    monkeypatch.setattr(
        composition, "check_composed", lambda config, _: checked.append(config)
    )
    monkeypatch.setattr(
        composition, "compose", lambda _, overrides: _composed(overrides)
    )
    check(*(f"quant.{name}_bits=2,3,4,8" for name in ("weight", "activation")),
          *(f"quant.{name}=1,2,4,8" for name in ("groups", "delay")))  # fmt: skip
    assert len(checked) == 13


def _composed(overrides: list[str]) -> object:
    return OmegaConf.create({"hydra": {"mode": None, "sweeper": {"params": None}}})


def test_several_values_ask_for_multirun() -> None:
    with pytest.raises(QbertError, match="seed=1,2: several values: accepted with -m"):
        check("seed=1,2", multirun=False)


def test_command_line_wins_over_sweep_parameters() -> None:
    """The sweep's own groups do not fit this model; those on the command line do."""
    arguments = ("sweep=bits_by_groups", "model.hidden_size=96", "quant.weight_bits=2")
    assert check(*arguments, "quant.groups=1,4")
    with pytest.raises(QbertError, match=r"quant\.groups=128"):
        check(*arguments)


def test_random_part_stays_the_same_within_a_configuration() -> None:
    text = {"a": "${unique:}", "b": "x-${unique:}"}
    first, second = OmegaConf.create(text), OmegaConf.create(text)
    assert first.b == f"x-{first.a}"
    assert len(first.a) == 8
    assert first.a != second.a


def test_own_folder_adds_choices(tmp_path: Path) -> None:
    folder = tmp_path / "it's mine"
    (folder / "optimizer").mkdir(parents=True)
    (folder / "optimizer" / "fast.yaml").write_text(
        "_target_: torch.optim.SGD\n_partial_: true\nlr: 0.1\n"
    )
    override = "optimizer@finetune.optimizer=fast"
    assert not check(override, multirun=False, folder=folder)
    with pytest.raises(QbertError, match="optimizer=fast"):
        check(override, multirun=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("_target_: os.system\ncommand: touch x", "optimizer._target_=os.system"),
        ("_target_: torch.optim.SGD\nlearning_rate: 1", "takes no such argument"),
        (
            "_target_: torch.optim.SGD\n_partial_: true\nweight_decay: .nan",
            "weight_decay=nan",
        ),
        ("defaults:\n  - nothing", "optimizer=nothing: no such choice"),
        ("[1, 2]", "fast"),
        ("lr: 1\nlr: 2", "duplicate key lr"),
    ],
)
def test_own_folder_is_checked_too(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "fast.yaml").write_text(text)
    with pytest.raises(QbertError, match=said):
        check("optimizer@finetune.optimizer=fast", multirun=False, folder=tmp_path)


@pytest.mark.parametrize("choice", ["../../outside", "x/../../../outside"])
def test_a_choice_is_no_path(tmp_path: Path, choice: str) -> None:
    folder = tmp_path / "mine"
    (folder / "optimizer" / "x").mkdir(parents=True)
    (tmp_path / "outside.yaml").write_text(
        "_target_: torch.optim.SGD\n_partial_: true\n"
    )
    with pytest.raises(QbertError, match=r"optimizer@finetune\.optimizer='?(x/)?\.\."):
        check(f"optimizer@finetune.optimizer='{choice}'", multirun=False, folder=folder)


def test_unknown_nested_choice_is_told_as_typed() -> None:
    with pytest.raises(
        QbertError, match=r"^experiment=demo/q8brt: .*nearest demo/q8bert"
    ):
        check("experiment=demo/q8brt", multirun=False)


def test_every_change_of_an_ablation_is_checked_before_the_first_job() -> None:
    ablation = ("ablation=modules", "hydra.sweeper.seeds=[0]")
    assert check(*ablation, "seed=4", multirun=False)
    with pytest.raises(QbertError, match=r"quant\.grops=1: no such key"):
        check(*ablation, "+hydra.sweeper.changes.bad=['quant.grops=1']")
    with pytest.raises(QbertError, match=r"quant\.groups=128 does not divide"):
        check(*ablation, "model.hidden_size=96")
    with pytest.raises(QbertError, match="accepted for seed only"):
        check(*ablation, "quant.activation_bits=4,8")
    with pytest.raises(QbertError, match=r"seed=\[0, -1\]"):
        check(*ablation, "seed=0,-1")
