from __future__ import annotations

import re
from random import Random

from seqeval.scheme import IOB2, Entities

from qbert_lightning.datamodules.rows import TaggedRow
from qbert_lightning.datamodules.synthetic_entities import LABELS, EntityGrammar

# Context that allows one type only, as a person knows English.
CUES = {
    r"(?:born in|near|moved from|mayor of|people in|storm hit) (\w+)": "LOC",
    r"(?:shares of|joined|resigned from|sued) (\w+)": "ORG",
    r"(?:hired|mr|mrs|dr) (\w+)": "PER",
    r"(?:north|south|lake|mount) (\w+)": "LOC",
    r"(\w+) (?:group|bank|club)\b": "ORG",
}
# The slot after "hired" may begin with a title, the place with a region.
OPENERS = {"mr", "mrs", "dr", "north", "south", "lake", "mount"}


def sampled(count: int) -> list[TaggedRow]:
    grammar, random = EntityGrammar(0), Random(0)
    return [grammar.sample(random) for _ in range(count)]


def test_tags_are_iob2() -> None:
    for row in sampled(500):
        tags = [LABELS[tag] for tag in row.tags]
        inside = [
            (before, tag)
            for before, tag in zip(["O", *tags], tags, strict=False)
            if tag.startswith("I-")
        ]
        assert all(before[2:] == tag[2:] for before, tag in inside)
        assert Entities([tags], IOB2).entities


def test_types_follow_from_context() -> None:
    checked = 0
    for row in sampled(1000):
        text = " ".join(row.words)
        for pattern, kind in CUES.items():
            for match in re.finditer(pattern, text):
                position = len(text[: match.start(1)].split())
                if match[1] not in OPENERS:
                    assert LABELS[row.tags[position]][2:] == kind, text
                    checked += 1
    assert checked > 500


def test_names_have_more_than_one_type() -> None:
    seen: dict[str, set[str]] = {}
    for row in sampled(3000):
        for word, tag in zip(row.words, row.tags, strict=True):
            if LABELS[tag].startswith("B-"):
                seen.setdefault(word, set()).add(LABELS[tag][2:])
    share = sum(len(kinds) > 1 for kinds in seen.values()) / len(seen)
    assert share > 0.3


def test_function_words_are_outside() -> None:
    for row in sampled(300):
        tags = dict(zip(row.words, row.tags, strict=True))
        assert tags["."] == 0
        assert not any(tags.get(word) for word in ("in", "on", "the", "monday"))
