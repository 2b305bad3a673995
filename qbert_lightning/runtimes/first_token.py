"""A last encoder layer that computes only what a sentence's classifier looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional as F

from qbert_lightning.errors import QbertError
from qbert_lightning.models import encoder_blocks
from qbert_lightning.models.first_token import INNER_VALUES, first_token_decides
from qbert_lightning.plan import PerToken
from qbert_lightning.quantizers import AffineQuantizer, AffineSpec
from qbert_lightning.runtimes.activation import Activation

if TYPE_CHECKING:
    from transformers import PreTrainedModel


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

    Left as it is where another token could matter: in models of other tasks, in
    decoders, where the configuration asks for hidden states or attentions, and where an
    activation's range is that of all tokens at hand. A call that asks for hidden states
    or attentions is refused from then on.

    Args:
        model: With its layers in service; changed in place.
    """
    if not first_token_decides(model):
        return
    name, layer = list(encoder_blocks(model).items())[-1]
    quantized = (Activation, AffineQuantizer)  # in service, or beside a float weight
    if all(_is_fixed(m.spec) for m in layer.modules() if isinstance(m, quantized)):
        model.set_submodule(name, FirstTokenLayer(layer))
        model.register_forward_pre_hook(_refuse_inner_values, with_kwargs=True)


def _is_fixed(spec: AffineSpec) -> bool:
    """Whether a token's levels do not depend on the tokens beside it."""
    return spec.observer is not None or isinstance(spec.granularity, PerToken)


def _refuse_inner_values(
    model: nn.Module, values: tuple[object, ...], named: Mapping[str, object]
) -> None:
    for name in INNER_VALUES:
        if named.get(name):
            raise QbertError(
                f"{name}={named[name]}: accepted False: the last layer computes its "
                "first token alone"
            )
