"""How one tensor is represented: the base of every number format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Self, get_type_hints

from qbert_lightning.errors import QbertError
from qbert_lightning.plan.granularity import Granularity

if TYPE_CHECKING:  # the module that carries a spec out lives a floor above
    from torch import nn

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


@dataclass(frozen=True)
class ObserverSpec(ABC):
    """How the range of an activation is found; each stands beside its observer."""

    known: ClassVar[dict[str, type[ObserverSpec]]] = {}

    def __init_subclass__(cls) -> None:
        ObserverSpec.known[cls.__name__] = cls

    @abstractmethod
    def build(self, *, symmetric: bool) -> nn.Module:
        """A fresh observer, of symmetric ranges if asked for."""


@dataclass(frozen=True)
class QuantSpec(ABC):
    """How one tensor is represented; each number format is a subclass.

    Subclasses register themselves under their class name, which is how a plan finds
    them again when it is read from JSON.

    Attributes:
        num_bits: Width of one code in bits.
    """

    num_bits: int = 8

    known: ClassVar[dict[str, type[QuantSpec]]] = {}

    def __init_subclass__(cls) -> None:
        QuantSpec.known[cls.__name__] = cls

    @abstractmethod
    def storage_bits(self, shape: Sequence[int]) -> int:
        """Bits that a tensor of ``shape`` takes, codes and ranges together."""

    @abstractmethod
    def build(self, shape: Sequence[int], layer: str = "tensor") -> nn.Module:
        """A fresh quantizer for a tensor of ``shape``; raises `QbertError`."""

    def with_bits(self, num_bits: int) -> Self:
        """The same format at another width."""
        return replace(self, num_bits=num_bits)

    def to_json(self) -> dict[str, JsonValue]:
        """Plain JSON types, read back by `spec_from_json`."""
        return _to_json(self)


def spec_from_json(data: Mapping[str, JsonValue]) -> QuantSpec:
    """The spec that `QuantSpec.to_json` wrote.

    Raises:
        QbertError: If the number format or one of its fields is unknown (code 4).
    """
    spec = _from_json(data)
    if not isinstance(spec, QuantSpec):
        raise QbertError(f"plan: {data!r:.100} is not a number format", code=4)
    return spec


def _to_json(value: object) -> dict[str, JsonValue]:
    entries: dict[str, JsonValue] = {"type": type(value).__name__}
    for field in fields(value):  # type: ignore[arg-type]
        item = getattr(value, field.name)
        entries[field.name] = _to_json(item) if is_dataclass(item) else item
    return entries


def _from_json(data: Mapping[str, JsonValue]) -> object:
    arguments = dict(data)
    name = str(arguments.pop("type", ""))[:50]
    known: dict[str, type] = {
        **QuantSpec.known,
        **ObserverSpec.known,
        **{cls.__name__: cls for cls in Granularity.__subclasses__()},
    }
    if name not in known:
        accepted = ", ".join(sorted(known))
        raise QbertError(f"plan: type={name!r} is unknown: accepted {accepted}", code=4)
    values = {
        key: _from_json(item) if isinstance(item, Mapping) else item
        for key, item in arguments.items()
    }
    _check_types(known[name], values)
    try:
        return known[name](**values)
    except TypeError as error:
        raise QbertError(f"plan: {name}: {error}", code=4) from error


_type_hints = cache(get_type_hints)  # a plan has the same few classes in every layer


def _check_types(cls: type, values: Mapping[str, object]) -> None:
    """Refuse a value of another type than its field has; ``true`` is no number."""
    hints = _type_hints(cls)
    for key, value in values.items():
        hint = hints.get(key, object)
        accepted = int | float if hint is float else hint
        is_number = not isinstance(value, bool) or hint in (bool, object)
        if not (isinstance(value, accepted) and is_number):
            raise QbertError(
                f"plan: {cls.__name__}: {key}={value!r:.50}: accepted "
                f"{getattr(hint, '__name__', hint)}",
                code=4,
            )
