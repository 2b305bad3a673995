from __future__ import annotations

import pytest

from qbert_lightning.layers import layer_shapes
from qbert_lightning.models import select_blocks
from qbert_lightning.pipeline.block_names import block_names
from tests.tiny import tiny_bert


@pytest.mark.parametrize("choice", ["layers", "matrices", "embeddings", "backbone"])
def test_names_are_those_of_the_model(choice: str) -> None:
    model = tiny_bert()
    backbone = [name for name in layer_shapes(model) if name.startswith("bert.")]
    planned = [name for name in backbone if ".pooler." not in name]
    assert block_names(choice, planned) == list(select_blocks(model, choice))


def test_what_is_not_known_is_not_guessed() -> None:
    layers = ["bert.embeddings.position_embeddings", "bert.encoder.layer.0.output"]
    assert block_names("embeddings", layers) == []
    assert block_names(["*.layer.0"], layers) == []
    assert block_names("layers", []) == []
