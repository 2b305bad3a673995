from __future__ import annotations

import pytest
from transformers import BertConfig, BertForTokenClassification

from qbert_lightning.models.first_token import every_token_counts, first_token_decides
from tests.tiny import TINY_CONFIG, tiny_bert


@pytest.mark.parametrize("key", ["output_hidden_states", "is_decoder"])
def test_a_configuration_that_looks_at_other_tokens(key: str) -> None:
    model = tiny_bert()
    assert first_token_decides(model)
    assert not every_token_counts(model)
    setattr(model.config, key, True)
    assert every_token_counts(model)
    assert not first_token_decides(model)


def test_a_head_that_looks_at_other_tokens() -> None:
    model = BertForTokenClassification(BertConfig(**TINY_CONFIG))
    assert not every_token_counts(model)
    assert not first_token_decides(model)
