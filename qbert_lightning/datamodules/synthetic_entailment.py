"""Sentence pairs: does the first entail the second, contradict it, or neither?

Both sentences describe an event, which the second one edits: a kind for its member
("a bramad is a tool", to be memorised) or the other way round, modifiers dropped or
added, synonyms, opposites, passive voice, exchanged roles, negation. The label
follows from the two meanings alone: an event covers another when it is true whenever
the other is, and negation turns this direction around.

Source: after MacCartney and Manning 2007, "Natural logic for textual inference".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from qbert_lightning.datamodules.rows import SentenceRow
from qbert_lightning.datamodules.synthetic_language import (
    NOUN_ENDINGS,
    STEMS,
    Zipf,
    coin_words,
)

LABELS = ("entailment", "neutral", "contradiction")
KINDS = ("beast", "tool", "fruit", "garment", "vehicle", "drink")
PEOPLE = ("farmer", "nurse", "pilot", "clerk", "poet", "baker", "judge", "sailor")
COLOURS = ("red", "green", "worn", "new", "small", "heavy")
PLACES = ("market", "harbour", "park", "station", "village", "castle")
# meaning -> ((base, past), (base, past)) of its two synonyms; past is also participle
VERBS = {
    "buy": (("buy", "bought"), ("acquire", "acquired")),
    "sell": (("sell", "sold"), ("trade", "traded")),
    "find": (("find", "found"), ("discover", "discovered")),
    "lose": (("lose", "lost"), ("misplace", "misplaced")),
    "love": (("love", "loved"), ("adore", "adored")),
    "hate": (("hate", "hated"), ("loathe", "loathed")),
}
OPPOSITES = {
    "buy": "sell",
    "sell": "buy",
    "find": "lose",
    "lose": "find",
    "love": "hate",
    "hate": "love",
}
WORDS = frozenset(
    (
        *("the", "a", "did", "not", "was", "by", "in", "."),
        *(*KINDS, *PEOPLE, *COLOURS, *PLACES),
        *(form for pairs in VERBS.values() for forms in pairs for form in forms),
    )
)


class Noun(NamedTuple):
    """A coined noun and its kind; a kind itself has no name."""

    name: str | None
    kind: str


@dataclass(frozen=True)
class Event:
    """What a sentence says: an agent does something to a thing, somewhere."""

    agent: str
    verb: str
    thing: Noun
    colour: str | None
    place: str | None

    def covers(self, other: Event) -> bool:
        """Whether this event is true whenever the other one is."""
        return self.verb == other.verb and self._covers_roles(other)

    def excludes(self, other: Event) -> bool:
        """Whether the two say opposite things of the same event."""
        return self.verb == OPPOSITES[other.verb] and (
            self._covers_roles(other) or other._covers_roles(self)
        )

    def _covers_roles(self, other: Event) -> bool:
        return (
            self.agent == other.agent
            and self.thing.kind == other.thing.kind
            and self.thing.name in (None, other.thing.name)
            and self.colour in (None, other.colour)
            and self.place in (None, other.place)
        )


class Statement(NamedTuple):
    """An event, or its denial."""

    event: Event
    denied: bool


def judge(premise: Statement, hypothesis: Statement) -> str:
    """Decide what the premise says about the hypothesis.

    Args:
        premise: what is known.
        hypothesis: what is asked.

    Returns:
        One of `LABELS`.
    """
    known, asked = premise.event, hypothesis.event
    if premise.denied:
        # No event of a wider sort happened, so no narrower one did.
        if known.covers(asked):
            return "entailment" if hypothesis.denied else "contradiction"
        return "neutral"
    if asked.covers(known):
        return "contradiction" if hypothesis.denied else "entailment"
    if asked.excludes(known):
        return "entailment" if hypothesis.denied else "contradiction"
    return "neutral"


class EntailmentGrammar:
    """Generates labelled pairs.

    Args:
        seed: decides which nouns exist and of which kind they are.
        num_nouns: size of the lexicon to memorise.
    """

    labels = LABELS

    def __init__(self, seed: int, num_nouns: int = 36) -> None:
        random = Random(f"entailment-lexicon-{seed}")
        nouns = [
            Noun(str(word), random.choice(KINDS))
            for word in coin_words(random, STEMS, NOUN_ENDINGS, num_nouns)
        ]
        self._nouns = Zipf(nouns, 0.7)

    def sample(self, random: Random) -> SentenceRow:
        """Generate one pair.

        Args:
            random: decides everything about the pair.

        Returns:
            The pair; the three labels are equally frequent.
        """
        wanted = random.choice(LABELS)
        while True:
            premise = Statement(self._event(random), random.random() < 0.2)
            event = premise.event
            for _ in range(random.choices((0, 1, 2), (1, 7, 2))[0]):
                event = self._edit(event, random)
            turned = random.random() < 0.25
            hypothesis = Statement(event, premise.denied != turned)
            texts = self._write(premise, random), self._write(hypothesis, random)
            if judge(premise, hypothesis) == wanted and texts[0] != texts[1]:
                return SentenceRow(*texts, LABELS.index(wanted))

    def _event(self, random: Random) -> Event:
        noun = self._nouns.draw(random)
        return Event(
            agent=random.choice(PEOPLE),
            verb=random.choice(tuple(VERBS)),
            thing=noun._replace(name=None) if random.random() < 0.3 else noun,
            colour=random.choice(COLOURS) if random.random() < 0.4 else None,
            place=random.choice(PLACES) if random.random() < 0.4 else None,
        )

    def _edit(self, event: Event, random: Random) -> Event:
        """Change one part of the event."""
        part = random.choices(
            ("thing", "verb", "colour", "place", "agent"), weights=(5, 3, 2, 2, 1)
        )[0]
        if part == "thing":
            return replace(event, thing=self._other_thing(event.thing, random))
        if part == "verb":
            return replace(event, verb=OPPOSITES[event.verb])
        if part == "agent":
            return replace(event, agent=random.choice(PEOPLE))
        values = COLOURS if part == "colour" else PLACES
        dropped = getattr(event, part) is not None and random.random() < 0.7
        return replace(event, **{part: None if dropped else random.choice(values)})

    def _other_thing(self, thing: Noun, random: Random) -> Noun:
        """The kind of a noun, a member of a kind, or something else."""
        if thing.name is not None and random.random() < 0.6:
            return Noun(None, thing.kind)
        while True:
            other = self._nouns.draw(random)
            if thing.name is not None or other.kind == thing.kind:
                return other if random.random() < 0.7 else Noun(None, other.kind)

    def _write(self, statement: Statement, random: Random) -> str:
        """Put a statement into words, in active or passive voice."""
        event, denied = statement
        base, past = random.choice(VERBS[event.verb])
        noun = event.thing.name or event.thing.kind
        thing = f"a {event.colour} {noun}" if event.colour else f"a {noun}"
        if random.random() < 0.1:
            text = f"{thing} was {'not ' * denied}{past} by the {event.agent}"
        else:
            verb = f"did not {base}" if denied else past
            text = f"the {event.agent} {verb} {thing}"
        place = f" in the {event.place}" if event.place else ""
        return f"{text}{place} ."
