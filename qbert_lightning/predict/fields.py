"""JSON objects as input: reading one, and finding the text in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn


def read_object(line: str) -> dict[str, Any]:
    """The object of a line of JSONL.

    Raises:
        ValueError: the line holds something else, or what UTF-8 and JSON cannot write
            again (half characters, NaN, infinity).
    """
    try:
        found = json.loads(line, parse_constant=_refuse_constant)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{error}: accepted a JSON object") from error
    if not isinstance(found, dict):
        raise ValueError(f"{type(found).__name__}: accepted a JSON object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def text_of(fields: Mapping[str, Any], key: str) -> str:
    """The text under a key.

    Raises:
        ValueError: it is not there, or no text.
    """
    if not isinstance(fields.get(key), str):
        given = type(fields[key]).__name__ if key in fields else "missing"
        raise ValueError(f"{key!r} is {given}: accepted a text")
    return str(fields[key])


def first_given(
    fields: Mapping[str, Any], choices: Sequence[Sequence[str]]
) -> Sequence[str]:
    """The first choice of keys that are all there.

    Raises:
        ValueError: none of them.
    """
    for keys in choices:
        if all(key in fields for key in keys):
            return keys
    accepted = ", or ".join(" and ".join(keys) for keys in choices)
    raise ValueError(f"keys {', '.join(fields) or 'none'}: accepted {accepted}")
