"""The longest input is the longest that the embeddings answer to."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoModel, BertConfig, PretrainedConfig, RobertaConfig

from qbert_lightning.models import longest_input

SMALL = {
    "vocab_size": 12,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 8,
    "max_position_embeddings": 20,
}


@pytest.mark.parametrize(
    "config", [BertConfig(**SMALL), RobertaConfig(**SMALL, pad_token_id=1)]
)
def test_one_token_more_has_no_position(config: PretrainedConfig) -> None:
    model = AutoModel.from_config(config).eval()
    longest = longest_input(config)
    assert model(torch.full((1, longest), 5)).last_hidden_state.shape[1] == longest
    with pytest.raises((IndexError, RuntimeError)):
        model(torch.full((1, longest + 1), 5))
