"""Words of running text."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from qbert_lightning.datamodules import ConllDataModule, TaggedRow
from qbert_lightning.predict.words import split_words


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in split_words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \t\n", ""),
        ("Peter Blackburn", "Peter Blackburn"),
        ("He lives in London.", "He lives in London ."),
        ('"No," said O\'Brien!', '" No , " said O\'Brien !'),
        ("Rabin's and James' (1996-08-22)", "Rabin 's and James ' ( 1996-08-22 )"),
        ("AT&T paid $1,000.50 to J.P. Morgan", "AT&T paid $ 1,000.50 to J.P. Morgan"),
        ("the U.S.", "the U.S."),
        ("a.b@c.de", "a.b@c.de"),
        ("Zürich, Łódź", "Zürich , Łódź"),
        ("東京 is Tokyo", "東 京 is Tokyo"),
        ("\x00a\u200bb", "\x00 a \u200b b"),
    ],
)
def test_words_are_those_a_corpus_would_write(text: str, expected: str) -> None:
    assert words(text) == expected.split(" ") if expected else not words(text)


def test_every_character_but_blanks_is_in_one_word() -> None:
    text = "".join(map(chr, range(1, 0x3000))) + " '''s 's's a.b. .. -- U.S.A. '"
    assert "".join(words(text)) == "".join(text.split())


@pytest.mark.real_data
def test_sentences_of_conll_come_back_as_their_words(shared_data: Path) -> None:
    rows = ConllDataModule(str(shared_data)).read().tests["test"].rows
    same = total = 0
    for row in islice(rows, 2000):
        assert isinstance(row, TaggedRow)
        text, start = " ".join(row.words), 0
        found = set(split_words(text))
        for word in row.words:
            same += (start, start + len(word)) in found
            start += len(word) + 1
        total += len(row.words)
    assert same / total > 0.98
