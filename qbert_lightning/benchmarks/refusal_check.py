"""What makes a refusal a good one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qbert_lightning.benchmarks.bad_commands import BadCommand

REFUSED = 2
MAX_MESSAGE = 300
SHOWN = 20  # characters of a value by which one recognizes it
SAYS_WHAT_IS_ACCEPTED = re.compile(r"\b(accepted|nearest|required)\b")
_HINT = re.compile(r"nearest (\S+?)(?=[:;,]|\s|$)")
# Values that are the same as what they are typed as.
_SPELLINGS = {"1e400": "inf", "+": ""}


@dataclass(frozen=True)
class Answer:
    """What became of a command.

    Attributes:
        code: Its exit code.
        out: Its standard output.
        err: Its standard error.
        created: Files and folders it left in its empty folder.
        seconds: How long it took.
    """

    code: int
    out: str
    err: str
    created: tuple[str, ...] = ()
    seconds: float = 0.0


def problems(command: BadCommand, answer: Answer) -> list[str]:
    """What is wrong with a refusal, in words; nothing if it is as it should be."""
    lines = answer.err.splitlines()
    message = lines[-1] if lines else ""
    found = {
        f"exit code {answer.code}": answer.code != REFUSED,
        f"{len(lines)} lines": len(lines) != 1,
        "no error line": not message.startswith("error: "),
        f"{len(message)} characters": len(message) > MAX_MESSAGE,
        "printed something": bool(answer.out),
        f"left {', '.join(answer.created[:3])}": bool(answer.created),
        f"does not name the key {command.key}": not _names(message, command.key),
        "does not name the value": not _names(message, command.value or ""),
        "does not say what is accepted": not SAYS_WHAT_IS_ACCEPTED.search(message),
    }
    unsaid = [word for word in command.accepted if not _names(message, word)]
    found[f"does not say {', '.join(unsaid)}"] = bool(unsaid)
    hint = hint_of(message)
    found[f"hint at {hint}, not at {command.meant}"] = not hint_is_right(
        command, answer
    )
    found[f"points at {hint} itself"] = hint is not None and hint == command.key
    return [words for words, is_so in found.items() if is_so]


def hint_of(message: str) -> str | None:
    """The nearest key or choice that a message points at.

    >>> hint_of("error: seeds=1: no such key: nearest seed")
    'seed'
    """
    found = _HINT.search(message)
    return found.group(1) if found else None


def hint_is_right(command: BadCommand, answer: Answer) -> bool:
    """Whether a misspelling is pointed at what was meant; true for other commands."""
    if command.meant is None:
        return True
    lines = answer.err.splitlines()
    hint = hint_of(lines[-1]) if lines else None
    return hint is not None and command.meant in (hint, hint.partition("@")[0])


def _names(message: str, text: str) -> bool:
    """Whether the printable beginning of ``text`` stands in a message."""
    printable = re.match(r"[^\W_]?[\x20-\x7e\w]*", text)
    beginning = printable.group() if printable else ""
    beginning = beginning if beginning.isprintable() else ""
    return _plain(_SPELLINGS.get(beginning, beginning))[:SHOWN] in _plain(message)


def _plain(text: str) -> str:
    """Text without what differs between a value as typed and as read."""
    return re.sub(r"[\s'\"\\]", "", text).lower()
