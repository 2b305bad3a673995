"""An encoder that computes only the tokens on which the loss depends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from qbert_lightning.layers import quantized_layers
from qbert_lightning.models.first_token import every_token_counts, first_token_decides
from qbert_lightning.models.token_rows import TokenRows

if TYPE_CHECKING:
    from transformers import PreTrainedModel
    from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

TAGGER = "BertForTokenClassification"


class NeededTokensEncoder(nn.Module):
    """A BERT encoder without padding and without what nobody looks at.

    The tokens of all rows stand side by side, so that padding costs nothing but in the
    attention, where rows are apart. For a sentence the last layer's query, and
    everything after its attention, is that of the first token alone. It can be
    differentiated any number of times.

    Args:
        encoder: A `BertEncoder`, whose layers are used as they are, in evaluation mode.
        first_token_only: Return ``[rows, 1, hidden]`` instead of zeros for padding.
    """

    def __init__(self, encoder: nn.Module, *, first_token_only: bool) -> None:
        super().__init__()
        self.layer = encoder.layer
        self.first_token_only = first_token_only

    def forward(
        self, hidden: Tensor, attention_mask: Tensor | None = None, **_: object
    ) -> BaseModelOutputWithPastAndCrossAttentions:
        """The last hidden state of ``hidden`` [rows, longest, hidden].

        Args:
            hidden: The embeddings.
            attention_mask: ``[rows, 1, longest, longest]``: booleans, True for tokens
                that are seen, or what is added to scores, 0 for tokens that are seen.
        """
        from transformers.modeling_outputs import (
            BaseModelOutputWithPastAndCrossAttentions,
        )

        seen = _seen(hidden, attention_mask)
        # Where all is masked, plain attention is the mean over all.
        kept = seen | ~seen.any(1, keepdim=True)
        kept[:, 0] = True  # a sentence's classifier looks at it, masked or not
        bias = torch.zeros_like(seen, dtype=hidden.dtype)
        bias.masked_fill_(~seen, torch.finfo(hidden.dtype).min)

        rows = asked_rows = TokenRows(kept)
        x = asked = rows.taken(hidden)
        for layer in self.layer:
            if self.first_token_only and layer is self.layer[-1]:
                asked_rows = TokenRows(kept[:, :1])
                asked = asked_rows.taken(rows.table(x)[:, :1])
            x = asked = _output(layer, asked, asked_rows, x, rows, bias)
        return BaseModelOutputWithPastAndCrossAttentions(
            last_hidden_state=asked_rows.table(x)
        )


def _seen(hidden: Tensor, attention_mask: Tensor | None) -> Tensor:
    """True for every token that others look at [rows, longest]."""
    if attention_mask is None:
        return hidden.new_ones(hidden.shape[:2], dtype=torch.bool)
    mask = attention_mask[:, 0, 0]  # the same for all heads and queries
    return mask if mask.dtype == torch.bool else mask == 0


def _output(
    layer: nn.Module,
    asked: Tensor,
    asked_rows: TokenRows,
    x: Tensor,
    rows: TokenRows,
    bias: Tensor,
) -> Tensor:
    """A layer's output of the tokens ``asked`` [asked tokens, hidden].

    Args:
        layer: A `BertLayer`.
        asked: Its input at the tokens whose output is wanted.
        asked_rows: Where they stand.
        x: Its input at all tokens [tokens, hidden].
        rows: Where they stand.
        bias: Added to the scores of each key [rows, longest].
    """
    attention = layer.attention.self
    query, key, value = (
        where.table(part).unflatten(-1, (attention.num_attention_heads, -1))
        for where, part in (
            (asked_rows, attention.query(asked) * attention.scaling),
            (rows, attention.key(x)),
            (rows, attention.value(x)),
        )
    )
    query, key, value = (part.transpose(1, 2) for part in (query, key, value))
    scores = query @ key.transpose(-1, -2) + bias[:, None, None]
    context = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
    attended = layer.attention.output(asked_rows.taken(context), asked)
    output: Tensor = layer.output(layer.intermediate(attended), attended)
    return output


@contextmanager
def needed_tokens_only(model: PreTrainedModel) -> Iterator[None]:
    """Compute only what the loss depends on, for a while.

    Loss and derivatives of any order change by rounding only. Names and parameters stay
    the same, and the encoder is put back at the end, also after an error. Nothing is
    changed where another token could matter: for spans, whose loss is over padding too,
    in decoders and quantized models, and where the configuration asks for hidden states
    or attentions.

    Args:
        model: A BERT whose masked tokens have ignored labels; in evaluation mode
            wherever it is called.
    """
    is_sentence_model = first_token_decides(model)
    is_tagger = type(model).__name__ == TAGGER and not every_token_counts(model)
    if not (is_sentence_model or is_tagger) or quantized_layers(model):
        yield
        return
    base = model.base_model
    before = base.encoder
    base.encoder = NeededTokensEncoder(before, first_token_only=is_sentence_model)
    try:
        yield
    finally:
        base.encoder = before
