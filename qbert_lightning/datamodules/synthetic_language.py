"""The invented language of the embedded tasks: word pieces, coined words, Zipf draws.

Function words and common nouns are English so that a person can read the rows.
Content words whose meaning a model has to memorise are coined from a stem and an
ending ("bram" + "##ish"), so that WordPiece really splits them and no single piece
tells what the word means. Everything is a pure function of seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, product
from random import Random
from string import ascii_lowercase, digits
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PUNCTUATION = (".", ",", "?", "!", "'", "-")
_ONSETS = ("br", "c", "d", "fl", "gr", "j", "k", "l", "m", "pl", "r", "t", "v", "z")
_CODAS = ("m", "lt", "r", "nk", "v", "nd", "l", "sk", "rb", "x", "g", "ld", "st", "p")
STEMS = tuple(
    onset + nucleus + coda
    for (onset, coda), nucleus in product(zip(_ONSETS, _CODAS, strict=True), "aeio")
)
ADJECTIVE_ENDINGS = (
    *("able", "al", "ant", "ary", "ate", "ed", "en", "esque", "ful", "ial", "ible"),
    *("ic", "ile", "ine", "ing", "ish", "ive", "less", "like", "ory", "ous", "some"),
    *("ular", "und"),
)
NOUN_ENDINGS = ("ad", "elle", "et", "in", "ock", "or", "ot", "um", "us", "yx")
PERSON_ENDINGS = ("a", "er", "ez", "ley", "man", "ov", "sen", "son")
PLACE_ENDINGS = ("berg", "dale", "field", "ford", "ia", "port", "ton", "ville")
FIRM_ENDINGS = ("co", "corp", "tech", "wick")
NAME_ENDINGS = (*PERSON_ENDINGS, *PLACE_ENDINGS, *FIRM_ENDINGS)


class Coined(NamedTuple):
    """A coined word: what WordPiece cuts it into."""

    stem: str
    ending: str

    def __str__(self) -> str:
        """The word as written."""
        return self.stem + self.ending


class Zipf(Generic[Item]):
    """Draws items with probability proportional to ``1 / rank ** exponent``.

    Args:
        items: the items from the most to the least frequent.
        exponent: 0 draws uniformly, 1 is Zipf's law.

    Example:
        >>> Zipf(["only"], 1.0).draw(Random(0))
        'only'
    """

    def __init__(self, items: Sequence[Item], exponent: float) -> None:
        self.items = tuple(items)
        weights = ((rank + 1) ** -exponent for rank in range(len(self.items)))
        self._cumulative = list(accumulate(weights))

    def draw(self, random: Random) -> Item:
        """Draw one item."""
        return random.choices(self.items, cum_weights=self._cumulative)[0]


def coin_words(
    random: Random, stems: Sequence[str], endings: Sequence[str], count: int
) -> list[Coined]:
    """Coin different words, each a stem with an ending.

    Args:
        random: decides which of the possible words exist, and their order.
        stems: what words may begin with.
        endings: what words may end with.
        count: how many words.

    Returns:
        The words in random order.

    Raises:
        ValueError: more words are asked for than stems and endings can form.

    Example:
        >>> str(coin_words(Random(0), ["bram"], ["ish"], 1)[0])
        'bramish'
    """
    possible = [Coined(*parts) for parts in product(stems, endings)]
    if count > len(possible):
        raise ValueError(f"count={count}: accepted at most {len(possible)}")
    return random.sample(possible, count)


def build_vocabulary(words: Iterable[str]) -> list[str]:
    """List the WordPiece entries that spell the given words and all coined words.

    Single letters and digits are entries too, so any lower-case text can be spelled.

    Args:
        words: whole words (function words and common nouns), in any order.

    Returns:
        The entries; the position of an entry is its token id.

    Example:
        >>> build_vocabulary(["film"])[:2]
        ['[PAD]', '[UNK]']
    """
    letters = ascii_lowercase + digits
    endings = (*ADJECTIVE_ENDINGS, *NOUN_ENDINGS, *NAME_ENDINGS)
    entries = [
        *SPECIAL_TOKENS,
        *PUNCTUATION,
        *letters,
        *(f"##{letter}" for letter in letters),
        *STEMS,
        *(f"##{ending}" for ending in endings),
        *sorted(words),
    ]
    return list(dict.fromkeys(entries))
