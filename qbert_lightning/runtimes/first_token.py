"""A last encoder layer that computes only what a sentence's classifier looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.models import encoder_blocks
from qbert_lightning.runtimes.activation import Activation

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SENTENCE_MODEL = "BertForSequenceClassification"


class FirstTokenLayer(nn.Module):
    """The first token's output of an encoder layer.

    Keys and values are those of all tokens; the query, and everything after the
    attention, is that of the first.

    Args:
        layer: A `BertLayer` of an encoder; its parts keep their names.
    """

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.attention = layer.attention
        self.intermediate, self.output = layer.intermediate, layer.output

    def forward(
        self,
        x: Tensor,
        attention_mask: Tensor | None = None,
        *_: object,
        **__: object,
    ) -> Tensor:
        """``x [batch, tokens, hidden]`` → ``[batch, 1, hidden]``."""
        attention, first = self.attention.self, x[:, :1]
        query, key, value = (
            part.unflatten(-1, (attention.num_attention_heads, -1)).transpose(1, 2)
            for part in (attention.query(first), attention.key(x), attention.value(x))
        )
        mask = None if attention_mask is None else attention_mask[:, :, :1]
        context = F.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, scale=attention.scaling
        )
        context = context.transpose(1, 2).flatten(2)
        attended = self.attention.output(context, first)
        result: Tensor = self.output(self.intermediate(attended), attended)
        return result


def compute_first_token_only(model: PreTrainedModel) -> None:
    """Let the last layer of a sentence classifier do no more than is looked at.

    Left as it is where another token could matter: in models of other tasks, and where
    an activation's range is that of all tokens at hand.

    Args:
        model: With its layers in service; changed in place.
    """
    if type(model).__name__ != SENTENCE_MODEL:
        return
    name, layer = list(encoder_blocks(model).items())[-1]
    if all(m.is_fixed for m in layer.modules() if isinstance(m, Activation)):
        model.set_submodule(name, FirstTokenLayer(layer))
