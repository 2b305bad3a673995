from __future__ import annotations

import re
from collections import Counter
from random import Random

from qbert_lightning.datamodules.rows import QuestionRow
from qbert_lightning.datamodules.synthetic_roles import RoleGrammar

END = r"in the (?P<place>\w+) on (?P<day>\w+) \."
SENTENCES = (
    rf"(?P<agent>\w+) (?P<verb>gave|sent|showed|sold) the (?P<thing>[\w ]+?) "
    rf"to (?P<receiver>\w+) {END}",
    rf"the (?P<thing>[\w ]+?) was (?P<verb>given|sent|shown|sold) "
    rf"to (?P<receiver>\w+) by (?P<agent>\w+) {END}",
)
QUESTIONS = {
    r"who (?P<verb>\w+) the (?P<thing>[\w ]+) \?": "agent",
    r"what did (?P<agent>\w+) (?P<verb>\w+) to (?P<receiver>\w+) \?": "thing",
    r"to whom did (?P<agent>\w+) (?P<verb>\w+) the (?P<thing>[\w ]+) \?": "receiver",
    r"where did (?P<agent>\w+) (?P<verb>\w+) the (?P<thing>[\w ]+) \?": "place",
    r"when was the (?P<thing>[\w ]+) (?P<verb>\w+) to (?P<receiver>\w+) \?": "day",
}
FORMS = {"gave": "give", "given": "give", "showed": "show", "shown": "show"}
FORMS |= {"sent": "send", "sold": "sell"}


def parsed(match: re.Match[str]) -> dict[str, str]:
    found = match.groupdict()
    return found | {"verb": FORMS.get(found["verb"], found["verb"])}


def sampled(count: int) -> list[QuestionRow]:
    grammar, random = RoleGrammar(0), Random(0)
    return [grammar.sample(random) for _ in range(count)]


def test_answers_agree_with_reading_the_passage() -> None:
    for row in sampled(1000):
        told = []
        for sentence in re.findall(r"[^.]+\.", row.context):
            matches = (re.fullmatch(p, sentence.strip()) for p in SENTENCES)
            told += [parsed(match) for match in matches if match]
        assert len(told) == 2
        asked, role = next(
            (parsed(match), role)
            for pattern, role in QUESTIONS.items()
            if (match := re.fullmatch(pattern, row.question))
        )
        answers = [deed[role] for deed in told if asked.items() <= deed.items()]
        assert answers == list(row.answers)


def test_answers_stand_where_they_are_said_to() -> None:
    for row in sampled(500):
        (answer,), (start,) = row.answers, row.starts
        assert row.context[start:].startswith(answer)
        assert f" {row.context} "[start] == " "


def test_all_questions_and_both_sentences_are_asked_for() -> None:
    rows = sampled(2000)
    kinds = Counter(row.question.split()[0] for row in rows)
    assert set(kinds) == {"who", "what", "to", "where", "when"}
    second = sum(row.starts[0] > row.context.index(".") for row in rows)
    assert 0.4 < second / len(rows) < 0.6
