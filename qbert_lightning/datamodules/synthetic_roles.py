"""Span extraction: who did what to whom, where and when.

A passage states a few events; the question asks for one role of one event, which it
picks out by the others ("who gave the lamp to mirason ?"). Active and passive voice
put the roles into different places, and the events of a passage share names, things
and verbs, so neither position nor a single word is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from random import Random

from qbert_lightning.datamodules.rows import QuestionRow
from qbert_lightning.datamodules.synthetic_language import (
    PERSON_ENDINGS,
    STEMS,
    Zipf,
    coin_words,
)

# base -> past and participle
VERBS = {
    "give": ("gave", "given"),
    "send": ("sent", "sent"),
    "show": ("showed", "shown"),
    "sell": ("sold", "sold"),
}
THINGS = (
    *("lamp", "map", "coat", "clock", "letter", "violin", "kettle", "ladder"),
    *("blanket", "mirror", "basket", "camera"),
)
COLOURS = ("red", "green", "small", "broken")
PLACES = ("kitchen", "garden", "library", "office", "cellar", "station")
DAYS = ("monday", "tuesday", "friday", "sunday")
WORDS = frozenset(
    (
        *("the", "to", "in", "on", "was", "by", "did", "who", "whom", "what"),
        *("where", "when", ".", "?"),
        *(*THINGS, *COLOURS, *PLACES, *DAYS),
        *VERBS,
        *(form for forms in VERBS.values() for form in forms),
    )
)


@dataclass(frozen=True)
class Deed:
    """Somebody passes something on to somebody, somewhere, on some day."""

    verb: str
    agent: str
    thing: str
    receiver: str
    place: str
    day: str

    def tell(self, passive: bool) -> str:
        """Write the sentence, in active or passive voice."""
        past, participle = VERBS[self.verb]
        end = f"in the {self.place} on {self.day} ."
        if passive:
            start = f"the {self.thing} was {participle} to {self.receiver}"
            return f"{start} by {self.agent} {end}"
        return f"{self.agent} {past} the {self.thing} to {self.receiver} {end}"

    def ask(self, role: str) -> tuple[str, str]:
        """Ask for a role.

        Args:
            role: a field other than ``verb``.

        Returns:
            The question and its answer.
        """
        past, participle = VERBS[self.verb]
        question = {
            "agent": f"who {past} the {self.thing} ?",
            "thing": f"what did {self.agent} {self.verb} to {self.receiver} ?",
            "receiver": f"to whom did {self.agent} {self.verb} the {self.thing} ?",
            "place": f"where did {self.agent} {self.verb} the {self.thing} ?",
            "day": f"when was the {self.thing} {participle} to {self.receiver} ?",
        }[role]
        return question, getattr(self, role)


class RoleGrammar:
    """Generates questions on passages.

    Args:
        seed: decides which names exist.
        num_names: how many names.
        num_deeds: events in a passage.
    """

    labels = None

    def __init__(self, seed: int, num_names: int = 40, num_deeds: int = 2) -> None:
        random = Random(f"role-lexicon-{seed}")
        self._names = Zipf(
            [
                str(word)
                for word in coin_words(random, STEMS, PERSON_ENDINGS, num_names)
            ],
            0.5,
        )
        self._num_deeds = num_deeds

    def sample(self, random: Random) -> QuestionRow:
        """Generate one passage with a question that has exactly one answer.

        Args:
            random: decides everything about the row.

        Returns:
            The question, identified by a digest of its text.
        """
        role = random.choice(("agent", "thing", "receiver", "place", "day"))
        while True:
            deeds = self._deeds(random)
            asked = random.choice(deeds)
            question, answer = asked.ask(role)
            # The question must fit one event only.
            if sum(deed.ask(role)[0] == question for deed in deeds) == 1:
                break
        sentences = [deed.tell(random.random() < 0.35) for deed in deeds]
        position = deeds.index(asked)
        before = "".join(f"{sentence} " for sentence in sentences[:position])
        start = len(before) + f" {sentences[position]}".index(f" {answer} ")
        context = " ".join(sentences)
        return QuestionRow(
            identifier=sha256(f"{question} {context}".encode()).hexdigest()[:16],
            group=context,
            question=question,
            context=context,
            answers=(answer,),
            starts=(start,),
        )

    def _deeds(self, random: Random) -> list[Deed]:
        """Different events that share some of their parts."""
        names: list[str] = []
        while len(names) < self._num_deeds + 1:
            name = self._names.draw(random)
            if name not in names:
                names.append(name)
        deeds = []
        for _ in range(self._num_deeds):
            agent, receiver = random.sample(names, 2)
            thing = random.choice(THINGS)
            if random.random() < 0.3:
                thing = f"{random.choice(COLOURS)} {thing}"
            deeds.append(
                Deed(
                    verb=random.choice(tuple(VERBS)),
                    agent=agent,
                    thing=thing,
                    receiver=receiver,
                    place=random.choice(PLACES),
                    day=random.choice(DAYS),
                )
            )
        return deeds
