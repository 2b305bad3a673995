"""Every choice of every group composes, is accepted, and builds what it names."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import hydra
import pytest
from omegaconf import DictConfig, open_dict

from qbert_lightning.cli import VERBS
from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.composition import (
    Command,
    check_command,
    check_composed,
    compose,
    config_folder,
)
from qbert_lightning.pipeline.instantiate import instantiate
from qbert_lightning.pipeline.targets import is_allowed
from qbert_lightning.pipeline.validation import resolved

CONF = config_folder()
PACKAGES = {
    "optimizer": "optimizer@finetune.optimizer",
    "scheduler": "scheduler@finetune.scheduler",
}
# Settings without which a choice means nothing.
NEEDED = {
    "allocator=published": ["task=sst2", "model=bert_base"],
    "model=local": ["model.name_or_path=google-bert/bert-base-uncased"],
    "quant=base": ["method=directq"],
    "quant=layerwise": ["allocator=uniform"],
    "quant=none": ["allocator=uniform"],
    "task=squad_v1": ["model=bert_base"],
}
# Groups that are not part of a run.
VERB_OF = {"bench": "bench"}
# What the machine at hand may not have.
NOT_BUILT = {"trainer=gpu", "trainer=ddp"}


def choices() -> list[str]:
    """``group=choice`` for every file in a group's folder."""
    found = []
    for path in sorted(CONF.rglob("*.yaml")):
        group, *rest = path.relative_to(CONF).with_suffix("").parts
        if rest and group != "hydra":
            found.append(f"{group}={'/'.join(rest)}")
    return found


CHOICES = choices()


def arguments_of(choice: str) -> list[str]:
    group, _, name = choice.partition("=")
    return [f"{PACKAGES.get(group, group)}={name}", *NEEDED.get(choice, [])]


@cache
def composed(choice: str) -> DictConfig:
    """The configuration of a run with this choice, `hydra` node included."""
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        verb = VERB_OF.get(choice.partition("=")[0], "run")
        return compose(Command(verb), arguments_of(choice))


@cache
def plain(choice: str) -> dict[str, Any]:
    """The resolved configuration of a run with this choice."""
    config = composed(choice).copy()
    with open_dict(config):
        del config["hydra"]
    return resolved(config)


def described(node: object, address: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Address and mapping of every outermost `_target_` below ``node``."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield address, node
            return
        for key, value in node.items():
            yield from described(value, f"{address}.{key}")


def every_target(node: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield node
        for value in node.values():
            yield from every_target(value)
    elif isinstance(node, list):
        for value in node:
            yield from every_target(value)


def test_no_group_is_forgotten() -> None:
    groups = {choice.partition("=")[0] for choice in CHOICES}
    assert {"task", "model", "quant", "method", "allocator", "sensitivity"} <= groups


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_accepted(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs").mkdir()
    assert not check_command(Command(verb))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_is_accepted(choice: str) -> None:
    check_composed(composed(choice), [])


@pytest.mark.parametrize("sweep", [one for one in CHOICES if one.startswith("sweep=")])
def test_every_sweep_is_accepted(sweep: str) -> None:
    assert check_command(Command("run", [sweep]))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_target_resolves_and_takes_its_keys(choice: str) -> None:
    for node in every_target(plain(choice)):
        target = node["_target_"]
        assert is_allowed(target)
        taken = inspect.signature(pkgutil.resolve_name(target)).parameters
        is_open = any(one.kind is one.VAR_KEYWORD for one in taken.values())
        given = {key for key in node if not key.startswith("_")}
        assert is_open or given <= set(taken), f"{target} does not take all of {given}"


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_builds_what_it_names(choice: str) -> None:
    config = plain(choice)
    group = choice.partition("=")[0]
    own = {"optimizer": "finetune", "scheduler": "finetune", "method": "quant"}
    nodes = {
        name: config[name] for name in {group, own.get(group, group)} & set(config)
    }
    for address, node in described(nodes, "run"):
        if choice not in NOT_BUILT:
            assert instantiate(node) is not None, address


def test_a_local_model_asks_for_its_place() -> None:
    with pytest.raises(QbertError, match="name_or_path: a value is required"):
        check_command(Command("run", ["model=local"]))
