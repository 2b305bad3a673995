from __future__ import annotations

from qbert_lightning.modules import parameter_groups
from tests.tiny import tiny_bert


def test_biases_and_norms_do_not_decay() -> None:
    model = tiny_bert()
    names = {parameter: name for name, parameter in model.named_parameters()}
    decayed, free = (
        {names[p] for p in group["params"]} for group in parameter_groups(model)
    )
    assert decayed | free == set(names.values())
    assert free == {n for n in names.values() if "LayerNorm" in n or n.endswith("bias")}


def test_frozen_parameters_are_left_out() -> None:
    model = tiny_bert()
    model.bert.embeddings.requires_grad_(False)
    frozen = set(model.bert.embeddings.parameters())
    for group in parameter_groups(model):
        assert not frozen & set(group["params"])
