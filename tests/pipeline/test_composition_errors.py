from __future__ import annotations

import pytest
from hydra.errors import ConfigCompositionException, MissingConfigException
from omegaconf.errors import ValidationError

from qbert_lightning.pipeline.composition_errors import addresses, explain

KNOWN = ["seed", "quant.weight_bits", "quant.groups", "model", "task"]


def not_overridden(key: str) -> ConfigCompositionException:
    return ConfigCompositionException(f"Could not override '{key}'.\nTo append ...")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (
            "quant.weight_bitz",
            "quant.weight_bitz=3: no such key: nearest quant.weight_bits: "
            "accepted below quant: groups, weight_bits",
        ),
        (
            "quant.bits",
            "quant.bits=3: no such key: nearest quant.weight_bits: "
            "accepted below quant: groups, weight_bits",
        ),
        ("modle", "modle=3: no such key: nearest model"),
        ("zzzz", "zzzz=3: no such key: accepted model, seed, task"),
    ],
)
def test_unknown_key(key: str, line: str) -> None:
    error = explain(not_overridden(key), [f"{key}=3"], KNOWN)
    assert str(error) == line
    assert error.code == 2


@pytest.mark.parametrize(
    ("choices", "named"),
    [
        (["quant=none"], "quant.delay=3: no such key with quant=none: accepted"),
        (["method=float", "quant=none"], "no such key with quant=none: accepted"),
        (["method=float"], "no such key with method=float: accepted"),
    ],
)
def test_key_that_another_choice_has(choices: list[str], named: str) -> None:
    """It is not said to be nearest to itself."""
    known = ["seed", "quant", "quant.rules"]
    overrides = [*choices, "quant.delay=3"]
    error = explain(
        not_overridden("quant.delay"),
        overrides,
        known,
        lambda: ["quant.delay"],
        choices,
    )
    assert named in str(error)


def test_misspelt_group_is_told_of_the_group() -> None:
    error = ConfigCompositionException("... config group 'optimzer' does not exist.")
    known = ["optimizer@finetune.optimizer", "seed"]
    line = str(explain(error, ["optimzer@finetune.optimizer=adamw"], known))
    assert line == (
        "optimzer@finetune.optimizer=adamw: no such key: "
        "nearest optimizer@finetune.optimizer"
    )
    line = str(explain(not_overridden("optimizer"), ["optimizer=adamw"], known))
    assert "nearest optimizer@finetune.optimizer" in line


def test_what_may_be_added_is_told_how() -> None:
    known = ["bench", "bench.models", "bench.models.w8a8", "bench.rounds"]
    line = str(explain(not_overridden("bench.models.mine"), [], known))
    assert line == (
        "bench.models.mine: no such key: nearest bench.models.w8a8: accepted below "
        "bench.models: w8a8; "
        "to add it write +bench.models.mine=..."
    )
    assert "+" not in str(explain(not_overridden("bench.mine"), [], known))


def test_key_below_what_has_none() -> None:
    known = ["seed", "model", "model.hidden_size"]
    line = str(explain(not_overridden("seed.deeper.key"), [], known))
    assert line == "seed.deeper.key: no such key: accepted seed=value"
    line = str(explain(not_overridden("model.zz.key"), [], known))
    assert line == "model.zz.key: no such key: accepted below model: hidden_size"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("Cannot merge DictConfig with ListConfig", "accepted mapping"),
        ("Index 'mine' (str) is not an int", "accepted a new list"),
        ("Could not append. An item is already at 'a'.", "accepted key=value"),
    ],
)
def test_words_of_hydra_are_made_plain(words: str, said: str) -> None:
    assert said in str(explain(ValueError(words), ["a=[1]"], []))


def test_addresses_name_empty_sections_and_whole_lists() -> None:
    node = {"tags": [], "spectra": {}, "quant": {"rules": {"encoder": None}}}
    assert list(addresses(node)) == [
        "tags",
        "spectra",
        "quant",
        "quant.rules",
        "quant.rules.encoder",
    ]


def test_unknown_choice() -> None:
    cause = MissingConfigException("...", "model/bert_bas", ["local", "bert_base"])
    assert str(explain(cause, ["model=bert_bas"], KNOWN)) == (
        "model=bert_bas: no such choice: nearest bert_base: accepted bert_base, local"
    )


def test_value_that_hydra_refuses() -> None:
    error = ConfigCompositionException("Error merging override hydra.mode=FAST")
    cause = ValidationError("Invalid value 'FAST', expected one of [RUN, MULTIRUN]")
    cause.full_key = "hydra.mode"
    error.__cause__ = cause
    line = str(explain(error, ["hydra.mode=FAST"], KNOWN))
    assert line.startswith("hydra.mode=FAST: Invalid value")


@pytest.mark.parametrize("error", [TypeError(), ValueError("first\nsecond")])
def test_anything_else_is_one_line(error: Exception) -> None:
    line = str(explain(error, ["a=1"], []))
    assert line.startswith("a=1: ")
    assert "second" not in line


def test_a_launcher_that_is_not_installed_names_its_extra() -> None:
    missing = MissingConfigException("", "hydra/launcher/ray", ["local", "basic"])
    error = explain(missing, ["hydra/launcher=ray"], KNOWN)
    assert "pip install 'qbert-lightning[ray]'" in str(error)
    assert "basic, local" in str(error)
    assert error.code == 3
