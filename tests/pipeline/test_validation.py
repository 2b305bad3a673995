from __future__ import annotations

import copy
from functools import cache
from typing import Any

import hydra
import pytest
from omegaconf import DictConfig, OmegaConf

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.composition import config_folder
from qbert_lightning.pipeline.validation import leaves, resolved, validate


@cache
def composed(verb: str) -> DictConfig:
    with hydra.initialize_config_dir(str(config_folder()), version_base="1.3"):
        return hydra.compose(verb)


def changed(changes: dict[str, Any], verb: str = "run") -> DictConfig:
    config = copy.deepcopy(composed(verb))
    for address, value in changes.items():
        OmegaConf.update(config, address, value, merge=False, force_add=True)
    return config


def test_the_defaults_are_valid() -> None:
    validate(composed("run"))
    validate(changed({"inputs": ["."]}, "report"))


@pytest.mark.parametrize(
    "changes",
    [
        {"quant.rules.encoder.weight.num_bits": 5},
        {"trainer.max_time": "00:01:00:00"},
        {"callbacks.mine": {"_target_": "pytorch_lightning.callbacks.EarlyStopping",
                            "monitor": "val/accuracy"}},
        {"callbacks.model_size": None},
        {"my_bits": 3, "quant.embedding_bits": "${my_bits}"},
        {"quant.my_bits": 3, "quant.embedding_bits": "${quant.my_bits}"},
        {"finetune.max_epochs": 0},
        {"tags": ["a", "b c"]},
        {"quant.rules": {}},
    ],
)  # fmt: skip
def test_what_a_user_may_do(changes: dict[str, Any]) -> None:
    validate(changed(changes))


ROW_GROUPS = "quant.rules.encoder.weight.granularity"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seed": "abc"}, "seed=abc: accepted"),
        ({"seed": True}, "seed=true"),
        ({"quant.weight_bits": 1}, r"quant\.weight_bits=1: accepted 2\.\.8 \(int\)"),
        ({"quant.weight_bits": 4.0}, r"quant\.weight_bits=4\.0"),
        ({"quant.groups": 0}, "quant.groups=0: accepted at least 1"),
        ({"finetune.select": "first"}, "accepted last | best"),
        ({"finetune.max_epoch": 2}, "finetune.max_epoch: no such key: nearest max_epo"),
        ({"finetune.optimizer.lr": float("inf")}, "lr=inf: accepted a finite number"),
        ({"finetune.optimizer.lr": -1.0}, "lr=-1.0: accepted more than 0"),
        ({"finetune.optimizer.lrr": 1.0}, "AdamW takes no such argument: nearest lr"),
        ({"finetune.optimizer": None}, "finetune.optimizer=null: accepted mapping"),
        ({"finetune.scheduler.warmup_fraction": 1.5}, r"accepted 0\.\.1"),
        ({"quant.weight_bitz": 3}, "quant.weight_bitz: no such key: nearest weight_b"),
        ({"qant": {"a": 1}}, "qant: no such key: nearest quant"),
        ({"task": None}, "task=null: accepted mapping"),
        ({"model": "bert"}, "model=bert: accepted mapping"),
        ({"model.hidden_size": "wide"}, "hidden_size=wide: accepted at least 1"),
        ({"model.hidden_size": 0}, "model.hidden_size=0: accepted at least 1"),
        ({"model.hiden_size": 64}, "RandomBert takes no such argument: nearest hidden"),
        ({"model.hidden_dropout_prob": 2}, "hidden_dropout_prob=2"),
        ({"model._target_": "qbert_lightning.models.RandomBrt"}, "nearest .*RandomB"),
        ({"model._target_": "os.system"}, "not on the list"),
        ({"model._target_": None}, "not on the list"),
        ({"model._args_": [1]}, "_args_"),
        ({"task.module._partial_": "yes"}, "_partial_=yes: accepted true | false"),
        ({"callbacks.x": {"_target_": "os.system"}}, "callbacks.x._target_=os.system"),
        ({"callbacks.x": {"a": [{"_target_": "os.system"}]}}, r"x\.a\.0\._target_"),
        ({"quant.rules.encoder.weight.num_bits": 9}, r"num_bits=9: accepted 2\.\.8"),
        ({"quant.rules.encoder.wait": 9}, "SchemeRule takes no such argument: nearest"),
        ({f"{ROW_GROUPS}.num_groups": 7}, "num_groups=7 does not divide"),
        ({f"{ROW_GROUPS}.num_groups": "7"}, "num_groups='7': accepted at least 1"),
        ({"name": "../escape"}, "name=../escape"),
        ({"name": "${nowhere}"}, "nowhere"),
        ({"name": "${name}"}, "name"),
        ({"name": "${oc.env:SECRET}"}, "SECRET"),
        ({"name": "${nothing:}"}, "nothing"),
        ({"model": {"_target_": "qbert_lightning.models.PretrainedBert",
                    "name_or_path": "???"}}, "model.name_or_path: a value is required"),
    ],
)  # fmt: skip
def test_refused_in_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(QbertError, match=said) as refused:
        validate(changed(changes))
    assert refused.value.code == 2
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputs": "outputs"}, "inputs=outputs: accepted list"),
        ({"title": 3}, "title=3: accepted str"),
        ({"pge": "x"}, "pge: no such key: nearest page"),
        ({"inputs": ["/no/such"]}, "no such folder"),
    ],
)
def test_report_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(QbertError, match=said):
        validate(changed(changes, "report"))


def test_overridden_bits_of_an_allocator() -> None:
    config = changed({})
    with pytest.raises(QbertError, match="allocator=uniform"):
        validate(config, {"quant.weight_bits"})


def test_resolved_carries_interpolations_out() -> None:
    config = OmegaConf.create({"a": 1, "b": {"c": "${a}", "d": ["x${a}"]}})
    assert resolved(config) == {"a": 1, "b": {"c": 1, "d": ["x1"]}}


def test_leaves() -> None:
    assert list(leaves({"a": [{"b": None}], "c": {}})) == [("a.0.b", None)]
