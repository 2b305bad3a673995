"""An object as plain values, so that another process of ours can make the same one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any


def described(value: Any) -> Any:
    """Class and attributes of an object whose attributes are its arguments.

    Args:
        value: Such an object, or a plain value.

    >>> from qbert_lightning.plan import RowGroups
    >>> described(RowGroups(12))["arguments"]
    {'num_groups': 12}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return {
        "module": type(value).__module__,
        "name": type(value).__qualname__,
        "arguments": {key: described(each) for key, each in vars(value).items()},
    }


def restored(value: Any) -> Any:
    """The object that `described` was given.

    >>> from qbert_lightning.plan import RowGroups
    >>> restored(described(RowGroups(12)))
    RowGroups(num_groups=12)
    """
    if not isinstance(value, Mapping):
        return value
    make = getattr(import_module(value["module"]), value["name"])
    return make(**{key: restored(each) for key, each in value["arguments"].items()})
