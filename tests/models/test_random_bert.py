from __future__ import annotations

import pytest
import torch
from transformers import PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError
from qbert_lightning.models import RandomBert

SIZES = {
    "num_hidden_layers": 2,
    "hidden_size": 16,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
}
HEADS = [
    ("sequence_classification", ["no", "yes"], (2, 2)),
    ("sequence_classification", None, (2, 1)),
    ("token_classification", ["O", "B-LOC", "I-LOC"], (2, 4, 3)),
]


@pytest.mark.parametrize(("head", "labels", "shape"), HEADS)
def test_heads_fit_the_labels(
    tokenizer: PreTrainedTokenizerBase,
    head: str,
    labels: list[str] | None,
    shape: tuple[int, ...],
) -> None:
    model = RandomBert(**SIZES).build(head, labels, tokenizer)
    batch = tokenizer(["the cat", "a dog"], return_tensors="pt")
    assert model(**batch).logits.shape == shape
    assert model.config.num_labels == shape[-1]
    if labels:
        assert list(model.config.id2label.values()) == labels
        assert model.config.label2id == {name: i for i, name in enumerate(labels)}


def test_regression_has_a_squared_loss(tokenizer: PreTrainedTokenizerBase) -> None:
    model = RandomBert(**SIZES).build("sequence_classification", None, tokenizer)
    batch = tokenizer(["the cat", "a dog"], return_tensors="pt")
    labels = torch.tensor([1.0, 3.5])
    outputs = model(**batch, labels=labels)
    expected = (outputs.logits.squeeze(-1) - labels).square().mean()
    torch.testing.assert_close(outputs.loss, expected)


def test_span_head_has_starts_and_ends(tokenizer: PreTrainedTokenizerBase) -> None:
    model = RandomBert(**SIZES).build("question_answering", None, tokenizer)
    outputs = model(**tokenizer(["the cat"], return_tensors="pt"))
    assert outputs.start_logits.shape == outputs.end_logits.shape == (1, 4)


def test_sizes_and_vocabulary(tokenizer: PreTrainedTokenizerBase) -> None:
    model = RandomBert(**SIZES).build("sequence_classification", ["a", "b"], tokenizer)
    config = model.config
    assert {key: getattr(config, key) for key in SIZES} == SIZES
    assert config.vocab_size == len(tokenizer)
    assert not model.training


def test_spread_of_the_random_weights(tokenizer: PreTrainedTokenizerBase) -> None:
    wide = {**SIZES, "intermediate_size": 4096, "initializer_range": 0.07}
    model = RandomBert(**wide).build("sequence_classification", ["a", "b"], tokenizer)
    weight = model.bert.encoder.layer[0].intermediate.dense.weight
    # 65 536 normal numbers: the standard error of their spread is 0.3 %.
    assert weight.std().item() == pytest.approx(0.07, rel=0.02)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_hidden_layers": 0}, "model.num_hidden_layers=0: accepted 1 or more"),
        ({"num_attention_heads": 3}, "accepted divisors of model.hidden_size=16"),
        ({"hidden_dropout_prob": 1.0}, "model.hidden_dropout_prob=1.0"),
        ({"initializer_range": 0.0}, "model.initializer_range=0.0: accepted above 0"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(
    change: dict[str, float], message: str
) -> None:
    with pytest.raises(QbertError, match=message) as error:
        RandomBert(**{**SIZES, **change})
    assert error.value.code == 2


def test_own_tokenizer_folder(tokenizer: PreTrainedTokenizerBase) -> None:
    assert RandomBert().tokenizer() is None
    loaded = RandomBert(tokenizer=tokenizer.name_or_path).tokenizer()
    assert loaded is not None
    assert loaded("the cat")["input_ids"] == tokenizer("the cat")["input_ids"]
