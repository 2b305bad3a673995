from __future__ import annotations

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.overrides import is_open, key_of, parse_overrides


@pytest.mark.parametrize(
    ("argument", "key"),
    [
        ("quant.weight_bits=4", "quant.weight_bits"),
        ("task=sst2", "task"),
        ("optimizer@finetune.optimizer=adamw", "optimizer@finetune.optimizer"),
        ("hydra/launcher=basic", "hydra.launcher"),
        ("+trainer.max_time=1", "trainer.max_time"),
        ("+callbacks.mine._target_=x", "callbacks.mine._target_"),
        ("~callbacks.model_size", "callbacks.model_size"),
        ("+quant.rules.head.match='classifier*'", "quant.rules.head.match"),
        ("name='température'", "name"),
        ("tags=[a,b]", "tags"),
        ("quant.groups=1,12", "quant.groups"),
        ("name=${oc.env:USER}", "name"),
    ],
)
def test_key_of_permitted(argument: str, key: str) -> None:
    (override,) = parse_overrides([argument])
    assert key_of(override) == key


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("seed", "accepted key=value"),
        ("=3", "accepted key=value"),
        ("a=[1", "accepted key=value"),
        (
            "bench.models.a=[method=qbert, quant.groups=4]",
            r'accepted bench.models.a=\["method=qbert","quant.groups=4"\] \(with',
        ),
        ("+seeds=3", r"\+seeds: accepted only below"),
        ("++seed=3", r"\+\+seed: accepted only below"),
        ("~seed", "~seed: accepted only below"),
        ("+quant.weight_bitz=3", "accepted only below"),
        ("hydra.searchpath=[file:///tmp]", "--config-dir"),
        ("name=${oc.env:WANDB_API_KEY}", "WANDB_API_KEY"),
        ("name=${oc.env : AWS_SECRET}", "AWS_SECRET"),
        ("name=${oc.env:${a}}", "computed|may not enter"),
        ("name=${${a}:HOME}", "not computed"),
        ("name=${oc.${a}:HOME}", "not computed"),
        ("a=" + "[" * 10_000, "nested"),
        ("a=" + "x" * 100_000, "characters"),
        ("a=\udcff", "UTF-8"),
    ],
)
def test_refused(argument: str, said: str) -> None:
    with pytest.raises(QbertError, match=said) as refused:
        parse_overrides([argument])
    assert refused.value.code == 2
    assert len(str(refused.value)) <= 300


@pytest.mark.parametrize(
    "address", ["callbacks.a", "logger", "quant.rules.x.y", "hydra.a"]
)
def test_open_mappings(address: str) -> None:
    assert is_open(address)


@pytest.mark.parametrize("address", ["callbacksx.a", "quant", "quant.rulesx", "task"])
def test_closed_mappings(address: str) -> None:
    assert not is_open(address)
