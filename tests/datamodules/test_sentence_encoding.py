from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import SentenceEncoding, SentenceRow, Split
from qbert_lightning.errors import QbertError

LABELS = ("no", "yes")


def words(tokenizer: PreTrainedTokenizerBase, row: SentenceRow) -> str:
    feature = SentenceEncoding(8).encode([row], tokenizer, training=True).features[0]
    return " ".join(tokenizer.convert_ids_to_tokens(feature["input_ids"].tolist()))


def test_pairs_and_single_sentences(tokenizer: PreTrainedTokenizerBase) -> None:
    single = SentenceRow("the cat", None, 1)
    pair = SentenceRow("the cat", "a dog", 0)
    assert words(tokenizer, single) == "[CLS] the cat [SEP]"
    assert words(tokenizer, pair) == "[CLS] the cat [SEP] a dog [SEP]"
    encoded = SentenceEncoding(16).encode([pair], tokenizer, training=True)
    assert encoded.features[0]["token_type_ids"].tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_long_pairs_lose_tokens_of_the_longer_part(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    row = SentenceRow("cat " * 20, "a dog", 0)
    assert words(tokenizer, row) == "[CLS] cat cat cat [SEP] a dog [SEP]"


@pytest.mark.parametrize(
    ("row", "labels", "message"),
    [
        (SentenceRow("a", None, -1), LABELS, "row 2 has label -1: accepted 0 to 1"),
        (SentenceRow("a", None, 2), LABELS, r"accepted 0 to 1 \(no, yes\)"),
        (SentenceRow("a", None, float("nan")), None, "label nan: accepted a finite"),
        (SentenceRow(" ", None, 1), LABELS, "row 2 has an empty sentence"),
        (SentenceRow("a", "", 1), LABELS, "row 2 has an empty sentence"),
    ],
)
def test_bad_rows_are_named(
    row: SentenceRow, labels: tuple[str, ...] | None, message: str
) -> None:
    split = Split("dev", [SentenceRow("a", None, 0), row], "dev.tsv")
    with pytest.raises(QbertError, match=f"^dev.tsv: .*{message}") as caught:
        SentenceEncoding(16).check(split, labels)
    assert caught.value.code == 4
