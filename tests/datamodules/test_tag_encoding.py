from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import Split, TagEncoding, TaggedRow
from qbert_lightning.datamodules.collate import IGNORED_LABEL
from qbert_lightning.errors import QbertError

LABELS = ("O", "B-LOC")


def test_first_pieces_carry_the_tags(tokenizer: PreTrainedTokenizerBase) -> None:
    row = TaggedRow(("the", "xyz", "in", "paris"), (0, 1, 0, 1))
    feature = TagEncoding(16).encode([row], tokenizer, training=True).features[0]
    tokens = tokenizer.convert_ids_to_tokens(feature["input_ids"].tolist())
    assert tokens == ["[CLS]", "the", "x", "##y", "##z", "in", "paris", "[SEP]"]
    skip = IGNORED_LABEL
    assert feature["labels"].tolist() == [skip, 0, 1, skip, skip, 0, 1, skip]


@pytest.mark.parametrize("num_words", [3, 6, 7, 20, 41])
def test_evaluation_scores_every_word_once(
    tokenizer: PreTrainedTokenizerBase, num_words: int
) -> None:
    row = TaggedRow(("xyz",) * num_words, (1,) * num_words)
    features = TagEncoding(8).encode([row], tokenizer, training=False).features
    labelled = sum((f["labels"] != IGNORED_LABEL).sum() for f in features)
    assert labelled == num_words
    assert all(len(f["input_ids"]) <= 8 for f in features)


def test_training_has_one_input_for_each_sentence(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    rows = [TaggedRow(("cat",) * 30, (0,) * 30), TaggedRow(("dog",), (0,))]
    assert len(TagEncoding(8).encode(rows, tokenizer, training=True).features) == 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (TaggedRow((), ()), "sentence 1 has 0 words and 0 tags"),
        (TaggedRow(("a",), (0, 1)), "1 words and 2 tags"),
        (TaggedRow(("a",), (7,)), r"has tag 7: accepted 0 to 1 \(O, B-LOC\)"),
    ],
)
def test_bad_rows_are_named(row: TaggedRow, message: str) -> None:
    with pytest.raises(QbertError, match=message) as caught:
        TagEncoding(16).check(Split("dev", [row], "eng.testa"), LABELS)
    assert caught.value.code == 4
