"""JSON from strangers: UTF-8, every key once, every number finite."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from qbert_lightning.errors import DATA, QbertError

MAX_DEPTH = 100


def strict_json(text: bytes, source: str) -> Any:
    """Parse JSON that leaves nothing to the reader's choice.

    Args:
        text: The bytes.
        source: Where they come from, for the message.

    Raises:
        QbertError: If it is not UTF-8, not JSON, nested too deeply, or holds a key
            twice, a number that is not finite or half a character (code 4).

    >>> strict_json(b'{"a": [1, 2]}', "here")
    {'a': [1, 2]}
    """
    try:
        value = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_every_key_once,
            parse_float=_finite,
            parse_constant=_finite,
        )
        _check_depth(value)
        # Half a character can be read, but not written.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        reason = str(error)[:120]
        raise QbertError(f"{source}: accepted strict JSON: {reason}", DATA) from error
    return value


def _check_depth(value: Any) -> None:
    """Refuse what other walks through a value, by recursion, might not survive."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ValueError(f"nested more than {MAX_DEPTH} deep")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _every_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice[:50]!r} stands there twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is not a finite number")
    return number
