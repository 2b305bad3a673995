from __future__ import annotations

import pytest
from torch import nn

from qbert_lightning.models import encoder_blocks
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
