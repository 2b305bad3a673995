"""The tensors of a BERT, told from its configuration alone: no weights, no torch."""

from __future__ import annotations

from collections.abc import Mapping

Shapes = dict[str, tuple[int, ...]]

ATTENTION = ("attention.self.query", "attention.self.key", "attention.self.value")


def bert_shapes(config: Mapping[str, int], prefix: str = "bert") -> Shapes:
    """Layer name → weight shape of every embedding table and matrix of the backbone.

    Args:
        config: Hugging Face names: ``vocab_size``, ``hidden_size``,
            ``intermediate_size``, ``num_hidden_layers``, ``max_position_embeddings``,
            ``type_vocab_size``.
        prefix: The backbone's attribute name in the task model.

    >>> base = dict(vocab_size=30522, hidden_size=768, intermediate_size=3072,
    ...     num_hidden_layers=12, max_position_embeddings=512, type_vocab_size=2)
    >>> bert_shapes(base)["bert.encoder.layer.0.output.dense"]
    (768, 3072)
    """
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    shapes: Shapes = {
        f"{prefix}.embeddings.word_embeddings": (config["vocab_size"], hidden),
        f"{prefix}.embeddings.position_embeddings": (
            config["max_position_embeddings"],
            hidden,
        ),
        f"{prefix}.embeddings.token_type_embeddings": (
            config["type_vocab_size"],
            hidden,
        ),
    }
    for index in range(config["num_hidden_layers"]):
        block = f"{prefix}.encoder.layer.{index}"
        for name in (*ATTENTION, "attention.output.dense"):
            shapes[f"{block}.{name}"] = (hidden, hidden)
        shapes[f"{block}.intermediate.dense"] = (inner, hidden)
        shapes[f"{block}.output.dense"] = (hidden, inner)
    return shapes


def bert_parameters(config: Mapping[str, int], prefix: str = "bert") -> Shapes:
    """Parameter name → shape of embeddings and encoder, LayerNorm and biases too.

    The pooler and the task's head are not part of it, as in Q-BERT's size column.
    """
    hidden = config["hidden_size"]
    shapes: Shapes = {}
    for layer, shape in bert_shapes(config, prefix).items():
        shapes[f"{layer}.weight"] = shape
        if ".encoder." in layer:
            shapes[f"{layer}.bias"] = (shape[0],)
    norms = [f"{prefix}.embeddings.LayerNorm"]
    for index in range(config["num_hidden_layers"]):
        block = f"{prefix}.encoder.layer.{index}"
        norms += [f"{block}.attention.output.LayerNorm", f"{block}.output.LayerNorm"]
    for norm in norms:
        shapes[f"{norm}.weight"] = shapes[f"{norm}.bias"] = (hidden,)
    return shapes
