"""A BERT with random weights."""

from __future__ import annotations

from collections.abc import Sequence

from transformers import BertConfig, PreTrainedModel, PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError
from qbert_lightning.models.source import ModelSource, head_class, label_settings
from qbert_lightning.models.tokenizer import load_tokenizer


class RandomBert(ModelSource):
    """BERT of any size, initialised with torch's current random state.

    Args:
        num_hidden_layers: encoder layers.
        hidden_size: width; a multiple of ``num_attention_heads``.
        num_attention_heads: attention heads.
        intermediate_size: width inside the feed-forward part.
        max_position_embeddings: longest input in tokens.
        hidden_dropout_prob: dropout of hidden states and of attention.
        initializer_range: standard deviation of the random weights; 0.02 is
            BERT-base's, narrower models need more (at most 1 / sqrt(hidden_size)).
        tokenizer: folder of a tokenizer; None uses the task's own.

    Raises:
        QbertError: (code 2) sizes that do not fit together.
    """

    def __init__(
        self,
        num_hidden_layers: int = 3,
        hidden_size: int = 128,
        num_attention_heads: int = 4,
        intermediate_size: int = 512,
        max_position_embeddings: int = 128,
        hidden_dropout_prob: float = 0.1,
        initializer_range: float = 0.02,
        tokenizer: str | None = None,
    ) -> None:
        sizes = {
            "num_hidden_layers": num_hidden_layers,
            "hidden_size": hidden_size,
            "num_attention_heads": num_attention_heads,
            "intermediate_size": intermediate_size,
            "max_position_embeddings": max_position_embeddings,
        }
        for key, value in sizes.items():
            if value < 1:
                raise QbertError(f"model.{key}={value}: accepted 1 or more")
        if hidden_size % num_attention_heads:
            raise QbertError(
                f"model.num_attention_heads={num_attention_heads}: accepted divisors "
                f"of model.hidden_size={hidden_size}"
            )
        if not 0 <= hidden_dropout_prob < 1:
            raise QbertError(
                f"model.hidden_dropout_prob={hidden_dropout_prob}: "
                "accepted 0 to below 1"
            )
        if not initializer_range > 0:
            raise QbertError(
                f"model.initializer_range={initializer_range}: accepted above 0"
            )
        self.sizes = sizes
        self.hidden_dropout_prob = hidden_dropout_prob
        self.initializer_range = initializer_range
        self.tokenizer_folder = tokenizer

    def tokenizer(self) -> PreTrainedTokenizerBase | None:
        """The tokenizer of the folder, if one was given."""
        if self.tokenizer_folder is None:
            return None
        return load_tokenizer(self.tokenizer_folder)

    def build(
        self,
        head: str,
        labels: Sequence[str] | None,
        tokenizer: PreTrainedTokenizerBase,
    ) -> PreTrainedModel:
        """Make the model for the tokenizer's vocabulary."""
        config = BertConfig(
            vocab_size=len(tokenizer),
            pad_token_id=tokenizer.pad_token_id,
            hidden_dropout_prob=self.hidden_dropout_prob,
            attention_probs_dropout_prob=self.hidden_dropout_prob,
            initializer_range=self.initializer_range,
            **self.sizes,
            **label_settings(head, labels),
        )
        return head_class(head).from_config(config).eval()
