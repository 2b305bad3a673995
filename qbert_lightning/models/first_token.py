"""Which models look at nothing but the first token of their last layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SENTENCE_MODEL = "BertForSequenceClassification"
INNER_VALUES = ("output_hidden_states", "output_attentions")


def first_token_decides(model: PreTrainedModel) -> bool:
    """Whether the other tokens of the last layer may be left out.

    >>> from transformers import BertConfig, BertForSequenceClassification
    >>> tiny = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}
    >>> first_token_decides(BertForSequenceClassification(BertConfig(**tiny)))
    True
    """
    return type(model).__name__ == SENTENCE_MODEL and not every_token_counts(model)


def every_token_counts(model: PreTrainedModel) -> bool:
    """Whether the configuration lets all tokens of a layer matter, whatever the head.

    That is in decoders, and where hidden states or attentions are asked for.
    """
    names = (*INNER_VALUES, "is_decoder")
    return any(getattr(model.config, name, False) for name in names)
