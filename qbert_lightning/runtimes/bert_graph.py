"""BERT's forward pass, written once for every inference engine.

Walks the model's own modules, so that it reads as `transformers` computes it. A task
that needs the classification token alone gets the last layer computed for that token
alone: its keys and values still come from all tokens, everything after them does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from torch import nn

from qbert_lightning.errors import QbertError
from qbert_lightning.runtimes.operations import Operations, Value

if TYPE_CHECKING:
    from transformers import PreTrainedModel

INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def check_architecture(model: PreTrainedModel) -> None:
    """Refuse a network that `build` would compute wrongly; `QbertError` (code 2)."""
    config = model.config
    accepted = {
        "model_type": ("bert", config.model_type),
        "hidden_act": ("gelu", config.hidden_act),
        "is_decoder": (False, getattr(config, "is_decoder", False)),
    }
    for key, (wanted, found) in accepted.items():
        if found != wanted:
            raise QbertError(
                f"model: {key}={found}: accepted {key}={wanted}, or runtime=integer"
            )


def build(operations: Operations[Value], model: PreTrainedModel, head: str) -> None:
    """Add a model with its task's head to a graph.

    Args:
        operations: The engine's graph, still empty.
        model: A BERT in evaluation mode.
        head: One of `qbert_lightning.models.source.HEADS`.
    """
    HEADS[head](operations, model)


def sequence_classification(
    operations: Operations[Value], model: PreTrainedModel
) -> None:
    """A label, or with one output a score, for the whole text."""
    hidden = _encode(operations, model.bert, first_token_only=True)
    pooled = operations.tanh(operations.linear(model.bert.pooler.dense, hidden))
    logits = operations.linear(model.classifier, pooled)
    operations.output("logits", operations.only_token(logits), "batch", "labels")


def token_classification(operations: Operations[Value], model: PreTrainedModel) -> None:
    """A label for every token."""
    hidden = _encode(operations, model.bert)
    logits = operations.linear(model.classifier, hidden)
    operations.output("logits", logits, "batch", "tokens", "labels")


def question_answering(operations: Operations[Value], model: PreTrainedModel) -> None:
    """Where the answer starts and where it ends."""
    ends = operations.linear(model.qa_outputs, _encode(operations, model.bert))
    for index, name in enumerate(("start_logits", "end_logits")):
        operations.output(name, operations.feature(ends, index), "batch", "tokens")


HEADS: dict[str, Callable[[Operations, PreTrainedModel], None]] = {
    "sequence_classification": sequence_classification,
    "token_classification": token_classification,
    "question_answering": question_answering,
}


def _encode(
    operations: Operations[Value], bert: nn.Module, *, first_token_only: bool = False
) -> Value:
    ids, mask, types = (operations.input(name) for name in INPUTS)
    bias = operations.attention_bias(mask)
    hidden = _embed(operations, bert.embeddings, ids, types)
    *layers, last = bert.encoder.layer
    for layer in layers:
        hidden = _layer(operations, layer, hidden, hidden, bias)
    wanted = operations.first_token(hidden) if first_token_only else hidden
    return _layer(operations, last, wanted, hidden, bias)


def _embed(
    operations: Operations[Value], embeddings: nn.Module, ids: Value, types: Value
) -> Value:
    words = operations.look_up(embeddings.word_embeddings, ids)
    kinds = operations.look_up(embeddings.token_type_embeddings, types)
    places = operations.look_up_positions(embeddings.position_embeddings, ids)
    total = operations.add(operations.add(words, kinds), places)
    return operations.layer_norm(embeddings.LayerNorm, total)


def _layer(
    operations: Operations[Value],
    layer: nn.Module,
    x: Value,
    context: Value,
    bias: Value,
) -> Value:
    """One encoder layer for the tokens ``x``, which look at those of ``context``."""
    attention, mixed, inner, outer = (
        layer.attention.self,
        layer.attention.output,
        layer.intermediate,
        layer.output,
    )
    attended = operations.attend(
        operations.linear(attention.query, x),
        operations.linear(attention.key, context),
        operations.linear(attention.value, context),
        bias,
        attention.num_attention_heads,
    )
    y = operations.add(operations.linear(mixed.dense, attended), x)
    x = operations.layer_norm(mixed.LayerNorm, y)
    y = operations.gelu(operations.linear(inner.dense, x))
    y = operations.add(operations.linear(outer.dense, y), x)
    return operations.layer_norm(outer.LayerNorm, y)
