"""How many tokens a model has positions for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PretrainedConfig

# Their positions count from after the padding token's.
COUNT_FROM_PADDING = ("roberta", "camembert", "xlm-roberta")


def longest_input(config: PretrainedConfig) -> int:
    """Most tokens of an input, special tokens included.

    >>> from transformers import BertConfig, RobertaConfig
    >>> longest_input(BertConfig(max_position_embeddings=512))
    512
    >>> longest_input(RobertaConfig(max_position_embeddings=514, pad_token_id=1))
    512
    """
    positions = int(config.max_position_embeddings)
    if config.model_type in COUNT_FROM_PADDING:
        return positions - config.pad_token_id - 1
    return positions
