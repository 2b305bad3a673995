"""Does a configured value have the type and range it should? Types are plain hints."""

from __future__ import annotations

import ast
import math
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

MAX_SHOWN = 60  # characters of a value in a message
_PLAIN: dict[str, Any] = {"bool": bool, "float": float, "int": int, "str": str}
_LISTS = frozenset({"Collection", "Iterable", "Sequence", "list", "set", "tuple"})
_MAPPINGS = frozenset({"Mapping", "dict"})


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both included unless ``above`` asks for more than ``low``."""

    low: float
    high: float = math.inf
    above: bool = False

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies in the range."""
        inside = self.low < value if self.above else self.low <= value
        return inside and value <= self.high

    def __str__(self) -> str:
        if self.high == math.inf:
            return f"{'more than' if self.above else 'at least'} {self.low}"
        return f"{self.low}..{self.high}"


@dataclass(frozen=True)
class Matching:
    """A regular expression for a whole string, and how to say it."""

    pattern: str
    words: str

    def holds(self, value: str) -> bool:
        """Whether all of ``value`` matches."""
        return re.fullmatch(self.pattern, value) is not None

    def __str__(self) -> str:
        return self.words


def accepts(hint: Any, value: object) -> bool:
    """Whether ``value`` fits ``hint``; hints that are no plain type fit everything.

    >>> accepts(Annotated[int, Range(2, 8)], 1), accepts(float | None, 3)
    (False, True)
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        plain, *limits = arguments
        if not accepts(plain, value):
            return False
        return value is None or all(limit.holds(value) for limit in limits)
    if origin in (Union, types.UnionType):
        return any(accepts(one, value) for one in arguments)
    if origin is Literal:
        return value in arguments
    if origin is list or hint is list:
        items = arguments[0] if arguments else object
        return isinstance(value, list) and all(accepts(items, one) for one in value)
    return _accepts_plain(origin or hint, value)


def _accepts_plain(hint: Any, value: object) -> bool:
    if hint is None or hint is types.NoneType:
        return value is None
    if hint is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and math.isfinite(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint is dict:
        return isinstance(value, Mapping)
    return not isinstance(hint, type) or isinstance(value, hint)


def describe(hint: Any) -> str:
    """A hint in words, for messages.

    >>> describe(Annotated[int, Range(2, 8)]), describe(Literal["last", "best"])
    ('2..8 (int)', 'last | best')
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        limits = ", ".join(str(limit) for limit in arguments[1:])
        return f"{limits} ({describe(arguments[0])})"
    if origin in (Union, types.UnionType):
        return " | ".join(describe(one) for one in arguments)
    if origin is Literal:
        return " | ".join(str(one) for one in arguments)
    if origin is list or hint is list:
        return f"list of {describe(arguments[0])}" if arguments else "list"
    if hint is None or hint is types.NoneType:
        return "null"
    names = {dict: "mapping", float: "number", object: "anything"}
    plain = origin or hint
    return names.get(plain) or getattr(plain, "__name__", "anything")


def shown(value: object) -> str:
    """A value for a message, much as it is typed.

    >>> shown(True), shown("4"), shown(4), shown([None, {"a": 1}])
    ('true', "'4'", '4', '[null, {a: 1}]')
    """
    text = _typed(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _typed(value: object) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_typed, value))}]"
    if isinstance(value, Mapping):
        items = (f"{name}: {_typed(one)}" for name, one in value.items())
        return f"{{{', '.join(items)}}}"
    return repr(value) if _reads_as_other(value) else str(value)


def _reads_as_other(value: object) -> bool:
    """Whether a text without its quotes would be read as a number or a word."""
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return value.lower() in ("true", "false", "null")
    return True


def hint_of(annotation: ast.expr | None) -> Any:
    """The type hint an annotation's syntax tree stands for; `object` where unknown.

    >>> describe(hint_of(ast.parse("int | None", mode="eval").body))
    'int | null'
    """
    if isinstance(annotation, ast.Name):
        if annotation.id in _LISTS:
            return list
        return dict if annotation.id in _MAPPINGS else _PLAIN.get(annotation.id, object)
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return None
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return Union[hint_of(annotation.left), hint_of(annotation.right)]  # noqa: UP007
    if isinstance(annotation, ast.Subscript):
        return _subscript_hint(annotation)
    return object


def _subscript_hint(annotation: ast.Subscript) -> Any:
    name = ast.unparse(annotation.value).rpartition(".")[2]
    inner = annotation.slice
    if name == "Literal":
        return Literal[ast.literal_eval(inner)]
    if name == "Optional":
        return Union[hint_of(inner), None]  # noqa: UP007
    if name == "Union" and isinstance(inner, ast.Tuple):
        return Union[tuple(hint_of(one) for one in inner.elts)]  # noqa: UP007
    if name in _LISTS:
        one_type = not isinstance(inner, ast.Tuple)
        return list[hint_of(inner)] if one_type else list  # type: ignore[misc]
    return dict if name in _MAPPINGS else object
