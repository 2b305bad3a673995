from __future__ import annotations

import pytest
from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.models import encoder_blocks, select_blocks
from tests.tiny import tiny_bert


def test_blocks_are_named_by_module_path() -> None:
    model = tiny_bert()
    blocks = encoder_blocks(model)
    assert list(blocks) == ["bert.encoder.layer.0", "bert.encoder.layer.1"]
    assert blocks["bert.encoder.layer.1"] is model.bert.encoder.layer[1]
    assert list(encoder_blocks(model.bert)) == ["encoder.layer.0", "encoder.layer.1"]


def test_other_models_are_refused() -> None:
    with pytest.raises(ValueError, match="got Linear"):
        encoder_blocks(nn.Linear(2, 2))


def test_words_select_parts_that_share_nothing() -> None:
    model = tiny_bert()
    assert select_blocks(model, "layers") == encoder_blocks(model)
    assert select_blocks(model, "backbone") == {"bert": model.bert}
    matrices = select_blocks(model, "matrices")
    assert len(matrices) == 2 * 6
    assert matrices["bert.encoder.layer.1.output.dense"].weight.shape == (16, 24)
    assert list(select_blocks(model, "embeddings")) == [
        f"bert.embeddings.{kind}_embeddings"
        for kind in ("word", "position", "token_type")
    ]


def test_patterns_select_whole_names() -> None:
    chosen = select_blocks(tiny_bert(), ["*.layer.1.attention", "classifier"])
    assert list(chosen) == ["bert.encoder.layer.1.attention", "classifier"]
    with pytest.raises(QbertError, match="blocks=encoder: matches nothing"):
        select_blocks(tiny_bert(), "encoder")
