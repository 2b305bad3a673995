"""JSON that any reader accepts: plain values, and no bare NaN or infinity."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NON_FINITE = "$nonfinite"


def encode(value: Any) -> Any:
    """`value` in JSON's own types.

    A number that is not finite becomes `{"$nonfinite": "nan" | "inf" | "-inf"}`. Paths
    become text, mappings and sequences are copied, and a scalar of an array library
    becomes the number it holds.

    Args:
        value: Any nesting of these.

    Returns:
        The same in dictionaries, lists, text, numbers, booleans and None.

    Raises:
        TypeError: If something else is inside.

    >>> encode({"loss": float("nan"), "shape": (2, 3)})
    {'loss': {'$nonfinite': 'nan'}, 'shape': [2, 3]}
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {NON_FINITE: str(value)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): encode(inner) for key, inner in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [encode(inner) for inner in value]
    if callable(item := getattr(value, "item", None)):
        return encode(item())
    raise TypeError(f"expected plain values, got {type(value).__name__}: {value!r}")


def decode(value: Any) -> Any:
    """What `encode` was given, for numbers that are not finite.

    >>> decode({"loss": {"$nonfinite": "-inf"}})
    {'loss': -inf}
    """
    if isinstance(value, dict):
        if value.keys() == {NON_FINITE}:
            return float(value[NON_FINITE])
        return {key: decode(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [decode(inner) for inner in value]
    return value


def to_text(value: Any, indent: int | None = None) -> str:
    """`value` as JSON text, after `encode`.

    Args:
        value: Plain values.
        indent: Spaces of each level; None writes one line.

    >>> to_text([1.5, float("inf")])
    '[1.5, {"$nonfinite": "inf"}]'
    """
    return json.dumps(encode(value), indent=indent, allow_nan=False, ensure_ascii=False)


def from_text(text: str) -> Any:
    """The values of JSON text that `to_text` wrote.

    Raises:
        ValueError: If it is not JSON, or holds a bare NaN or infinity.

    >>> from_text('{"size": 1.5}')
    {'size': 1.5}
    """
    return decode(json.loads(text, parse_constant=_refuse))


def _refuse(name: str) -> float:
    raise ValueError(f"expected JSON, got the constant {name}")
