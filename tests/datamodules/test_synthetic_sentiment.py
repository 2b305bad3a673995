from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from qbert_lightning.datamodules.synthetic_sentiment import DOMAINS, SentimentGrammar

FACTORS = {None: 2, "quite": 2, "very": 3, "truly": 3, "slightly": 1, "somewhat": 1}
CLAUSE = re.compile(
    r"(?P<denied>it is not true that )?"
    r"(?P<subject>(?:the|this) \w+(?: of the \w+)?"
    r"|(?:nothing|everything) about the \w+) "
    r"(?P<verb>(?:was|were)(?: not| never)?|failed to be|seemed|proved to be) "
    r"(?:(?P<degree>too|quite|very|truly|slightly|somewhat) )?"
    r"(?P<word>\w+)(?: and (?P<second>(?!the |this |nothing |everything |it )\w+))?"
)


class Reader:
    """Judges a finished sentence by reading it, knowing only the lexicon."""

    def __init__(self, grammar: SentimentGrammar) -> None:
        self.lexicon = dict(grammar._adjectives.items)

    def score(self, text: str) -> int:
        domain = next(
            name
            for name, nouns in DOMAINS.items()
            if any(set(text.split()) & set(words) for words in nouns)
        )
        found = list(CLAUSE.finditer(text))
        scores = [self._clause(match, domain) for match in found]
        if len(scores) == 1:
            return scores[0]
        first, second = scores
        between = text[found[0].end() : found[1].start()]
        if text.startswith(("although", "while")) or "but" in between:
            return first + 2 * second
        return 2 * first + second if "though" in between else first + second

    def _clause(self, match: re.Match[str], domain: str) -> int:
        words = [word for word in match.group("word", "second") if word]
        strengths = [self.lexicon[word][domain] for word in words]
        degree = match["degree"]
        score = -4 if degree == "too" else FACTORS[degree] * sum(strengths)
        denials = (
            bool(match["denied"]),
            match["subject"].startswith("nothing"),
            match["verb"].endswith((" not", " never")) or "failed" in match["verb"],
        )
        return score * (-1) ** sum(denials)


@pytest.mark.parametrize("seed", [0, 1])
def test_labels_agree_with_reading_the_sentence(seed: int) -> None:
    grammar = SentimentGrammar(seed)
    reader, random = Reader(grammar), Random(5)
    for _ in range(2000):
        row = grammar.sample(random)
        score = reader.score(row.text)
        assert score != 0
        assert row.label == int(score > 0), row.text


def test_labels_are_balanced_enough() -> None:
    grammar, random = SentimentGrammar(0), Random(0)
    labels = Counter(grammar.sample(random).label for _ in range(4000))
    assert 0.4 < labels[1] / 4000 < 0.6


def test_meaning_is_not_in_one_piece_alone() -> None:
    # Some stem must have words of both directions, else nothing is to be memorised.
    directions: dict[str, set[bool]] = {}
    for word, polarity in SentimentGrammar(0)._adjectives.items:
        directions.setdefault(word[:3], set()).add(polarity["film"] > 0)
    mixed = [stem for stem, signs in directions.items() if len(signs) == 2]
    assert len(mixed) > len(directions) / 4


def test_some_adjectives_depend_on_the_domain() -> None:
    adjectives = SentimentGrammar(0, domain_bound=1.0)._adjectives.items
    for _, polarity in adjectives:
        assert sum(polarity.values()) == 0
