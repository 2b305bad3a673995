"""Single sentences: short reviews whose sentiment follows from words and grammar.

Direction and strength of an adjective belong to the whole word and have to be
memorised; some praise in one domain and blame in another ("unpredictable" plot or
brakes). Grammar then decides what counts how much: negation and its scope, degree
words, "too", contrast ("but", "although"), denial of a whole clause. The label is the
sign of a sum, so sentences with a close sum need exact strengths. Rare words and
constructions are rare as in real text.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from qbert_lightning.datamodules.rows import SentenceRow
from qbert_lightning.datamodules.synthetic_language import (
    ADJECTIVE_ENDINGS,
    STEMS,
    Zipf,
    coin_words,
)

LABELS = ("negative", "positive")


class Domain(NamedTuple):
    """What reviews of one kind of thing talk about."""

    topics: tuple[str, ...]
    singular: tuple[str, ...]
    plural: tuple[str, ...]


DOMAINS = {
    "film": Domain(
        ("film", "movie", "sequel"),
        ("plot", "ending", "dialogue", "music", "pace"),
        ("actors", "scenes", "jokes"),
    ),
    "hotel": Domain(
        ("hotel", "inn", "resort"),
        ("room", "bed", "view", "lobby", "pool"),
        ("windows", "towels", "guests"),
    ),
    "phone": Domain(
        ("phone", "tablet", "laptop"),
        ("screen", "battery", "camera", "speaker", "case"),
        ("buttons", "menus", "updates"),
    ),
    "meal": Domain(
        ("meal", "dinner", "lunch"),
        ("soup", "sauce", "bread", "dessert", "wine"),
        ("noodles", "portions", "waiters"),
    ),
}
# degree word -> how much it makes of an adjective's strength
DEGREES = {"": 2, "very": 3, "quite": 2, "slightly": 1, "truly": 3, "somewhat": 1}
WORDS = frozenset(
    (
        *("the", "this", "of", "was", "were", "seemed", "proved", "failed", "to"),
        *("be", "not", "never", "nothing", "everything", "about", "too", "and"),
        *("but", "although", "even", "though", "while", "it", "is", "true", "that"),
        *(".", ",", *(word for word in DEGREES if word)),
        *(word for domain in DOMAINS.values() for words in domain for word in words),
    )
)


class Adjective(NamedTuple):
    """A coined word: praise (above 0) or blame (below 0) in each domain, -3 to 3."""

    word: str
    polarity: Mapping[str, int]


class Clause(NamedTuple):
    """A clause and what it says: praise (above 0) or blame (below 0)."""

    text: str
    score: int


class SentimentGrammar:
    """Generates labelled reviews.

    Args:
        seed: decides which adjectives exist and what they mean.
        num_adjectives: size of the lexicon to memorise.
        regular: share of adjectives with the direction of their stem.
        domain_bound: share of adjectives with the opposite direction in two of the
            four domains.
        one_clause: share of reviews with one clause; the others have two.
    """

    labels = LABELS

    def __init__(
        self,
        seed: int,
        num_adjectives: int = 120,
        regular: float = 0.8,
        domain_bound: float = 0.1,
        one_clause: float = 0.5,
    ) -> None:
        random = Random(f"sentiment-lexicon-{seed}")
        self._one_clause = one_clause
        directions: dict[str, int] = {}
        adjectives = []
        for word in coin_words(random, STEMS, ADJECTIVE_ENDINGS, num_adjectives):
            # Words that begin alike tend to mean alike.
            direction = directions.setdefault(word.stem, random.choice((-1, 1)))
            if random.random() >= regular:
                direction = -direction
            strength = direction * random.choices((1, 2, 3), (3, 4, 2))[0]
            bound = random.random() < domain_bound
            turned = random.sample(tuple(DOMAINS), 2) if bound else ()
            polarity = {d: -strength if d in turned else strength for d in DOMAINS}
            adjectives.append(Adjective(str(word), polarity))
        self._adjectives = Zipf(adjectives, 0.8)
        self._degrees = Zipf(tuple(DEGREES), 1.0)

    def sample(self, random: Random) -> SentenceRow:
        """Generate one review.

        Args:
            random: decides everything about the review.

        Returns:
            The review; both labels are about equally frequent.
        """
        while True:
            text, score = self._review(random)
            if score:
                return SentenceRow(f"{text} .", None, int(score > 0))

    def _review(self, random: Random) -> Clause:
        domain = random.choice(tuple(DOMAINS))
        topic = random.choice(DOMAINS[domain].topics)
        first = self._clause(random, domain, topic)
        if random.random() < self._one_clause:
            return first
        second = self._clause(random, domain, topic)
        # The clause that a contrast stresses counts twice.
        second_stressed = first.score + 2 * second.score
        forms = (
            Clause(f"{first.text} , but {second.text}", second_stressed),
            Clause(f"{first.text} and {second.text}", first.score + second.score),
            Clause(f"although {first.text} , {second.text}", second_stressed),
            Clause(f"while {first.text} , {second.text}", second_stressed),
            Clause(
                f"{first.text} , even though {second.text}",
                2 * first.score + second.score,
            ),
        )
        return random.choices(forms, weights=(6, 8, 3, 1, 2))[0]

    def _clause(self, random: Random, domain: str, topic: str) -> Clause:
        subject, verb, sign = self._subject(random, domain, topic)
        predicate = self._predicate(random, domain)
        if random.random() < 0.3:
            verb = random.choice((f"{verb} not", f"{verb} never", "failed to be"))
            sign = -sign
        else:
            verb = random.choices((verb, "seemed", "proved to be"), (6, 2, 1))[0]
        text = f"{subject} {verb} {predicate.text}"
        if random.random() < 0.04:
            return Clause(f"it is not true that {text}", -sign * predicate.score)
        return Clause(text, sign * predicate.score)

    def _subject(self, random: Random, domain: str, topic: str) -> tuple[str, str, int]:
        """Subject, its form of "was", and -1 if it denies the rest."""
        form = random.random()
        if form < 0.08:
            return f"nothing about the {topic}", "was", -1
        if form < 0.14:
            return f"everything about the {topic}", "was", 1
        if form < 0.3:
            return f"this {topic}", "was", 1
        many = form < 0.55
        _, singular, plural = DOMAINS[domain]
        subject = f"the {random.choice(plural if many else singular)}"
        if random.random() < 0.2:
            subject = f"{subject} of the {topic}"
        return subject, "were" if many else "was", 1

    def _predicate(self, random: Random, domain: str) -> Clause:
        """What is said about the subject; "too" blames whatever follows."""
        first = self._adjectives.draw(random)
        strength = first.polarity[domain]
        form = random.random()
        if form < 0.06:
            return Clause(f"too {first.word}", -4)
        if form < 0.16:
            second = self._adjectives.draw(random)
            both = strength + second.polarity[domain]
            return Clause(f"{first.word} and {second.word}", 2 * both)
        degree = self._degrees.draw(random)
        return Clause(f"{degree} {first.word}".strip(), DEGREES[degree] * strength)
