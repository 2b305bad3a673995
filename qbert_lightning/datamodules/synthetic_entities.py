"""Token tagging: names of people, places and organisations, in IOB2 tags.

The same name can be a person, a place or an organisation ("jordan", "ford"). Every
name has a usual type, which its ending hints at and a model has to memorise, and is
now and then used as another; then only the words around it tell. Some slots fit
every type, so there the usual type decides. Names have one to three words.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from qbert_lightning.datamodules.iob import iob2_labels
from qbert_lightning.datamodules.rows import TaggedRow
from qbert_lightning.datamodules.synthetic_language import (
    FIRM_ENDINGS,
    NAME_ENDINGS,
    PERSON_ENDINGS,
    PLACE_ENDINGS,
    STEMS,
    Zipf,
    coin_words,
)

TYPES = ("PER", "LOC", "ORG")
LABELS = iob2_labels(TYPES)
# Words in capitals are slots; ANY is a slot that fits every type.
CLAUSES = (
    "PER met PER in LOC",
    "PER moved from LOC to LOC",
    "PER , who was born in LOC , joined ORG",
    "PER joined ORG after years in LOC",
    "PER resigned from ORG on DAY",
    "ORG hired PER as ROLE",
    "ORG opened an office near LOC",
    "ORG sued ORG over a contract",
    "shares of ORG rose on DAY",
    "shares of ORG fell after PER left",
    "the mayor of LOC thanked PER",
    "the ROLE PER praised ANY",
    "people in LOC waited for ANY",
    "ANY beat ANY on DAY",
    "reporters asked about ANY",
    "ANY was in the news on DAY",
    "a ROLE of ORG flew to LOC",
    "the ROLE spoke about ANY and ANY",
    "ANY made a ROLE angry",
    "it was ANY , not ANY",
    "a storm hit LOC on DAY",
)
LINKS = ("and", "while", ", but")
DAYS = ("monday", "tuesday", "friday", "sunday")
ROLES = ("director", "minister", "captain", "lawyer", "writer")
TITLES = ("mr", "dr", "mrs")
REGIONS = ("north", "south", "lake", "mount")
BODIES = ("group", "bank", "club")
# ending -> the usual type of most names that end like this
ENDING_TYPES = {
    **dict.fromkeys(PERSON_ENDINGS, "PER"),
    **dict.fromkeys(PLACE_ENDINGS, "LOC"),
    **dict.fromkeys(FIRM_ENDINGS, "ORG"),
}
WORDS = frozenset(
    (
        *(word for clause in CLAUSES for word in clause.split() if word.islower()),
        *(word for link in LINKS for word in link.split()),
        *(*DAYS, *ROLES, *TITLES, *REGIONS, *BODIES, "of", "sons", ",", "."),
    )
)


class Name(NamedTuple):
    """A coined name and the type it usually has."""

    word: str
    kind: str


class EntityGrammar:
    """Generates tagged sentences.

    Args:
        seed: decides which names exist and their usual types.
        num_names: size of the gazetteer to memorise.
        regular: share of names whose usual type is that of their ending.
        unusual: share of mentions in which a name has another type than usual.
    """

    labels = LABELS

    def __init__(
        self,
        seed: int,
        num_names: int = 800,
        regular: float = 0.7,
        unusual: float = 0.25,
    ) -> None:
        random = Random(f"entity-lexicon-{seed}")
        names = [
            Name(
                str(word),
                ENDING_TYPES[word.ending]
                if random.random() < regular
                else random.choice(TYPES),
            )
            for word in coin_words(random, STEMS, NAME_ENDINGS, num_names)
        ]
        self._names = Zipf(names, 0.8)
        self._by_type = {
            kind: Zipf([name for name in names if name.kind == kind], 0.8)
            for kind in TYPES
        }
        self._unusual = unusual

    def sample(self, random: Random) -> TaggedRow:
        """Generate one sentence.

        Args:
            random: decides everything about the sentence.

        Returns:
            Words with their IOB2 tags.
        """
        tokens = list(self._fill(random.choice(CLAUSES), random))
        if random.random() < 0.3:
            tokens += [(word, "O") for word in random.choice(LINKS).split()]
            tokens += self._fill(random.choice(CLAUSES), random)
        tokens.append((".", "O"))
        return TaggedRow(
            tuple(word for word, _ in tokens),
            tuple(LABELS.index(tag) for _, tag in tokens),
        )

    def _fill(self, clause: str, random: Random) -> Iterator[tuple[str, str]]:
        """Replace the slots of a clause."""
        for word in clause.split():
            if word == "ANY":
                name = self._names.draw(random)
                yield name.word, f"B-{name.kind}"
            elif word in TYPES:
                mention = self._mention(word, random)
                for position, part in enumerate(mention):
                    yield part, f"{'I' if position else 'B'}-{word}"
            else:
                fillers = {"DAY": DAYS, "ROLE": ROLES}.get(word, (word,))
                yield random.choice(fillers), "O"

    def _mention(self, kind: str, random: Random) -> list[str]:
        """Name something of a type, in one to three words."""
        usual = random.random() >= self._unusual
        name = (self._by_type[kind] if usual else self._names).draw(random).word
        other = self._names.draw(random).word
        longer = {
            "PER": ([random.choice(TITLES), name], [other, name]),
            "LOC": ([random.choice(REGIONS), name], [random.choice(REGIONS), name]),
            "ORG": (
                [name, random.choice(BODIES)],
                random.choice(([name, "and", other], [name, "and", "sons"])),
            ),
        }[kind]
        return random.choices(([name], *longer), weights=(6, 2, 2))[0]
