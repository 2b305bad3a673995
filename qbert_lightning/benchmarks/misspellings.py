"""Words with one typing mistake."""

from __future__ import annotations

from random import Random
from string import ascii_lowercase


def misspelt(word: str, random: Random) -> str:
    """``word`` with one letter dropped, doubled, replaced, or swapped with the next."""
    at = random.randrange(len(word))
    edit = random.choice(("drop", "double", "replace", "swap"))
    if edit == "drop":
        return word[:at] + word[at + 1 :]
    if edit == "double":
        return word[: at + 1] + word[at:]
    if edit == "replace":
        return word[:at] + random.choice(ascii_lowercase) + word[at + 1 :]
    return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]


def is_one_edit(typed: str, meant: str) -> bool:
    """Whether one mistake (a letter more, less, other, or two swapped) separates them.

    >>> is_one_edit("seeds", "seed"), is_one_edit("sede", "seed"), is_one_edit("a", "a")
    (True, True, False)
    """
    if typed == meant or abs(len(typed) - len(meant)) > 1:
        return False
    same = 0
    while same < min(len(typed), len(meant)) and typed[same] == meant[same]:
        same += 1
    rest, other = typed[same:], meant[same:]
    return (
        rest[1:] == other
        or rest == other[1:]
        or rest[1:] == other[1:]
        or (rest[:2] == other[:2][::-1] and rest[2:] == other[2:])
    )
