from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from qbert_lightning.datamodules.synthetic_entailment import (
    LABELS,
    OPPOSITES,
    VERBS,
    EntailmentGrammar,
    Event,
    Noun,
    Statement,
    judge,
)

HAMMER, SAW, TOOL = Noun("hammer", "tool"), Noun("saw", "tool"), Noun(None, "tool")
# premise (verb, thing, colour, place, denied), hypothesis, label a person would give
CASES = [
    (("buy", HAMMER, None, None, 0), ("buy", TOOL, None, None, 0), "entailment"),
    (("buy", TOOL, None, None, 0), ("buy", HAMMER, None, None, 0), "neutral"),
    (("buy", HAMMER, None, None, 0), ("buy", SAW, None, None, 0), "neutral"),
    (("buy", HAMMER, "red", None, 0), ("buy", HAMMER, None, None, 0), "entailment"),
    (("buy", HAMMER, None, None, 0), ("buy", HAMMER, "red", None, 0), "neutral"),
    (("buy", TOOL, None, "park", 0), ("buy", TOOL, None, "castle", 0), "neutral"),
    (("buy", HAMMER, None, None, 0), ("sell", TOOL, None, None, 0), "contradiction"),
    (("buy", HAMMER, None, None, 0), ("sell", TOOL, None, None, 1), "entailment"),
    (("buy", HAMMER, None, None, 0), ("buy", TOOL, None, None, 1), "contradiction"),
    (("buy", HAMMER, None, None, 1), ("buy", TOOL, None, None, 1), "neutral"),
    (("buy", TOOL, None, None, 1), ("buy", HAMMER, None, None, 1), "entailment"),
    (("buy", TOOL, None, None, 1), ("buy", HAMMER, "red", "park", 0), "contradiction"),
    (("buy", TOOL, None, None, 1), ("sell", TOOL, None, None, 0), "neutral"),
    (("love", TOOL, None, None, 0), ("find", TOOL, None, None, 0), "neutral"),
]


def said(case: tuple[str, Noun, str | None, str | None, int]) -> Statement:
    verb, thing, colour, place, denied = case
    return Statement(Event("nurse", verb, thing, colour, place), bool(denied))


@pytest.mark.parametrize(("premise", "hypothesis", "label"), CASES)
def test_judgements_of_a_person(premise: tuple, hypothesis: tuple, label: str) -> None:
    assert judge(said(premise), said(hypothesis)) == label
    # The opposite of what follows is impossible, and the other way round.
    turned = said((*hypothesis[:-1], 1 - hypothesis[-1]))
    swap = {"entailment": "contradiction", "contradiction": "entailment"}
    assert judge(said(premise), turned) == swap.get(label, label)


def test_the_agent_matters() -> None:
    premise = said(CASES[0][0])
    other = Statement(Event("pilot", "buy", TOOL, None, None), False)
    assert judge(premise, other) == "neutral"


def test_opposites_are_mutual() -> None:
    assert set(OPPOSITES) == set(VERBS)
    assert all(OPPOSITES[OPPOSITES[verb]] == verb for verb in VERBS)


def test_labels_are_balanced_and_sentences_differ() -> None:
    grammar, random = EntailmentGrammar(0), Random(0)
    rows = [grammar.sample(random) for _ in range(3000)]
    counts = Counter(row.label for row in rows)
    assert set(counts) == set(range(len(LABELS)))
    # Four standard deviations of a third of 3000 draws.
    assert all(abs(count - 1000) < 104 for count in counts.values())
    assert all(row.text != row.pair for row in rows)


def test_the_hypothesis_alone_does_not_tell_the_label() -> None:
    # The best guess from one feature of the hypothesis, negation, stays poor.
    grammar, random = EntailmentGrammar(0), Random(1)
    rows = [grammar.sample(random) for _ in range(3000)]
    table = Counter((" not " in row.pair, row.label) for row in rows)
    best = sum(max(table[denied, label] for label in range(3)) for denied in (0, 1))
    assert best / 3000 < 0.5
