"""Shapes told from a configuration against a model that was really built."""

from __future__ import annotations

from math import prod

from transformers import BertConfig, BertForSequenceClassification

from qbert_lightning.layers import layer_shapes
from qbert_lightning.plan import bert_parameters, bert_shapes
from tests.cases import BERT_BASE_UNCASED

TINY = {
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "max_position_embeddings": 20,
    "type_vocab_size": 2,
}


def test_shapes_are_those_of_the_model() -> None:
    model = BertForSequenceClassification(BertConfig(**TINY, num_attention_heads=2))
    built = layer_shapes(model)
    assert bert_shapes(TINY).items() <= built.items()
    parameters = {name: tuple(p.shape) for name, p in model.named_parameters()}
    told = bert_parameters(TINY)
    assert told.items() <= parameters.items()
    assert {n for n in parameters if ".encoder." in n or ".embeddings." in n} == set(
        told
    )


def test_parameter_counts_of_bert_base() -> None:
    parameters = bert_parameters(BERT_BASE_UNCASED)
    encoder = sum(prod(s) for n, s in parameters.items() if ".encoder." in n)
    assert encoder == 85_054_464
    assert (
        sum(prod(s) for s in parameters.values()) - encoder == 23_837_184 - 1536 + 1536
    )
