from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from qbert_lightning.datamodules.synthetic import synthetic_vocabulary
from qbert_lightning.datamodules.synthetic_language import (
    ADJECTIVE_ENDINGS,
    NAME_ENDINGS,
    NOUN_ENDINGS,
    SPECIAL_TOKENS,
    STEMS,
    Zipf,
    build_vocabulary,
    coin_words,
)


def greedy_pieces(word: str, vocabulary: set[str]) -> list[str]:
    """WordPiece by its definition: the longest known piece first."""
    pieces: list[str] = []
    while word:
        prefix = "##" if pieces else ""
        end = next(
            e for e in range(len(word), 0, -1) if prefix + word[:e] in vocabulary
        )
        pieces.append(prefix + word[:end])
        word = word[end:]
    return pieces


def test_zipf_draws_by_rank() -> None:
    random = Random(0)
    zipf = Zipf("abcd", 1.0)
    drawn = Counter(zipf.draw(random) for _ in range(20_000))
    total = sum(1 / rank for rank in range(1, 5))
    for rank, item in enumerate("abcd", start=1):
        expected = 1 / rank / total
        # Four standard deviations of a share of 20 000 draws.
        assert abs(drawn[item] / 20_000 - expected) < 4 * (expected / 20_000) ** 0.5


@pytest.mark.parametrize("endings", [ADJECTIVE_ENDINGS, NOUN_ENDINGS, NAME_ENDINGS])
def test_coined_words_are_cut_where_they_were_coined(endings: tuple[str, ...]) -> None:
    vocabulary = set(synthetic_vocabulary())
    every = coin_words(Random(0), STEMS, endings, len(STEMS) * len(endings))
    assert len({str(word) for word in every}) == len(every)
    for word in every:
        pieces = greedy_pieces(str(word), vocabulary)
        assert pieces == [word.stem, f"##{word.ending}"]


def test_too_many_words_are_refused() -> None:
    with pytest.raises(ValueError, match="count=57: accepted at most 56"):
        coin_words(Random(0), STEMS, ("ish",), 57)


def test_vocabulary_has_no_duplicates_and_special_tokens_first() -> None:
    vocabulary = synthetic_vocabulary()
    assert tuple(vocabulary[:5]) == SPECIAL_TOKENS
    assert len(set(vocabulary)) == len(vocabulary)
    assert 300 < len(vocabulary) < 700


def test_vocabulary_does_not_depend_on_the_order_of_words() -> None:
    assert build_vocabulary(["film", "plot"]) == build_vocabulary(["plot", "film"])
