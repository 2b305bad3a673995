"""The one function that turns configuration into objects."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.targets import is_allowed
from qbert_lightning.pipeline.validation import resolved


def instantiate(node: Mapping[str, Any] | DictConfig, **arguments: Any) -> Any:
    """Build what ``node`` describes, and everything nested in it.

    A mapping with `_target_` becomes an object of that class, made with the other keys
    as keyword arguments; with ``_partial_: true`` it becomes a `functools.partial`.
    Lists and other mappings are built item by item. Only classes on the allow-list of
    `qbert_lightning.pipeline.targets` are ever imported, compared as whole names, so
    that neither a module, a function nor an attribute of a class can be reached.

    Args:
        node: The description; interpolations are resolved first.
        **arguments: More arguments of the outermost object, given as they are.

    Raises:
        QbertError: (code 2) for a name that is not on the list, or unknown arguments.

    >>> instantiate({"_target_": "qbert_lightning.plan.RowGroups", "num_groups": 12})
    RowGroups(num_groups=12)
    """
    if isinstance(node, DictConfig):
        node = resolved(node)
    if not isinstance(node, Mapping) or "_target_" not in node:
        raise QbertError(f"{_shown(node)}: accepted a mapping with _target_")
    return _build(node, arguments)


def _build(node: Any, arguments: Mapping[str, Any] | None = None) -> Any:
    if isinstance(node, list):
        return [_build(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    if "_target_" not in node:
        return {key: _build(value) for key, value in node.items()}
    names = {key: _build(value) for key, value in node.items() if key[0] != "_"}
    reserved = {key: value for key, value in node.items() if key[0] == "_"}
    target = _load(reserved.pop("_target_"))
    is_partial = reserved.pop("_partial_", False)
    if reserved or not isinstance(is_partial, bool):
        raise QbertError(
            f"{next(iter(reserved), '_partial_')}: accepted _target_, and _partial_ as "
            "true or false"
        )
    given = {**names, **(arguments or {})}
    _check_call(target, given, is_partial=is_partial)
    return functools.partial(target, **given) if is_partial else target(**given)


def _check_call(target: Any, given: Mapping[str, Any], *, is_partial: bool) -> None:
    """Refuse arguments the class does not take, before it runs."""
    signature = inspect.signature(target)
    bind = signature.bind_partial if is_partial else signature.bind
    try:
        bind(**given)
    except TypeError as error:
        raise QbertError(
            f"{target.__name__}: {error}: accepted {', '.join(signature.parameters)}"
        ) from error


def _load(target: object) -> Any:
    """The class of an allowed name."""
    if not isinstance(target, str) or not is_allowed(target):
        raise QbertError(
            f"_target_={_shown(target)}: not on the list of what may be built"
        )
    module, _, name = target.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
