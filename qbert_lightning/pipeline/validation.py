"""Refuses a bad configuration before anything heavy is imported or computed."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin

from omegaconf import DictConfig, MissingMandatoryValue, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.consistency import check_consistency, check_inputs
from qbert_lightning.pipeline.overrides import check_references
from qbert_lightning.pipeline.schema import (
    SECTIONS,
    AnyArgument,
    Bench,
    Report,
    Run,
    hints_of,
)
from qbert_lightning.pipeline.targets import (
    is_allowed,
    nearest_targets,
    parameters_of,
)
from qbert_lightning.pipeline.value_types import accepts, describe, hint_of, shown

# Mappings whose every value is built, whatever its name.
BUILT_ONE_BY_ONE = (
    "callbacks",
    "finetune.callbacks",
    "quantize.callbacks",
    "logger",
    "quant.rules",
)
_REFERENCE = re.compile(r"\$\{([A-Za-z_][\w.]*)\}")
_ARGUMENT_HINTS = hints_of(AnyArgument)


def validate(config: DictConfig, overridden: Collection[str] = ()) -> None:
    """Check types, ranges, names and what must fit together.

    Args:
        config: A composed configuration without its `hydra` node.
        overridden: Addresses that the command line or a sweep set.

    Raises:
        QbertError: (code 2) naming key, value and what is accepted.
    """
    raw = OmegaConf.to_container(config, resolve=False)
    for key, value in leaves(raw):
        if isinstance(value, str):
            check_references(value, key)
    _check_sections_are_mappings(raw)
    plain = resolved(config)
    for key, value in leaves(plain):
        if isinstance(value, float) and not math.isfinite(value):
            raise QbertError(f"{key}={value}: accepted a finite number")
    references = {
        name
        for _, value in leaves(raw)
        if isinstance(value, str)
        for name in _REFERENCE.findall(value)
    }
    if "inputs" in plain:
        _check_section("", plain, Report, references)
        check_inputs(plain["inputs"])
        return
    _check_section("", plain, Bench if "bench" in plain else Run, references)
    for address, section in SECTIONS.items():
        values = _select(plain, address)
        if values is not None:
            _check_section(address, values, section, references)
    for name, value in plain.items():
        _check_targets(name, value)
    for address in BUILT_ONE_BY_ONE:
        _check_parts(address, _select(plain, address) or {})
    check_consistency(plain, raw, overridden, references)


def _check_sections_are_mappings(raw: object) -> None:
    """Refuse a plain value in a section's place, which others may refer into."""
    assert isinstance(raw, Mapping)
    for name, hint in hints_of(Run).items():
        value = raw.get(name, {})
        is_reference = isinstance(value, str) and value.startswith("${")
        if get_origin(hint) is dict and not (
            isinstance(value, Mapping) or is_reference
        ):
            _refuse(name, value, describe(hint))


def _check_parts(address: str, parts: Mapping[str, Any]) -> None:
    for name, value in parts.items():
        is_buildable = isinstance(value, Mapping) and "_target_" in value
        if not (is_buildable or value is None):
            _refuse(_join(address, name), value, "null | mapping with _target_")


def resolved(config: DictConfig) -> dict[str, Any]:
    """The configuration as plain containers, every interpolation carried out.

    Raises:
        QbertError: If a required value is missing or an interpolation fails.
    """
    try:
        plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        raise QbertError(
            f"{error.full_key}: a value is required: write {error.full_key}=..."
        ) from error
    except OmegaConfBaseException as error:
        raw = OmegaConf.to_container(config, resolve=False)
        value = dict(leaves(raw)).get(str(error.full_key))
        typed = error.full_key if value is None else f"{error.full_key}={shown(value)}"
        problem = str(error).splitlines()[0]
        raise QbertError(
            f"{typed}: {problem}: accepted ${{...}} with the address of a value"
        ) from error
    except RecursionError as error:
        raise QbertError("configuration: an interpolation refers to itself") from error
    assert isinstance(plain, dict)
    return plain


def leaves(node: object, address: str = "") -> Iterator[tuple[str, object]]:
    """Every value below ``node`` that is no container, with its address.

    >>> list(leaves({"a": {"b": [1]}}))
    [('a.b.0', 1)]
    """
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from leaves(value, _join(address, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, _join(address, index))
    else:
        yield address, node


def _check_section(
    address: str,
    values: Mapping[str, Any],
    section: type,
    references: Collection[str],
) -> None:
    """Check a mapping against its dataclass; other keys must be referred to."""
    hints = hints_of(section)
    for name, value in values.items():
        key = _join(address, name)
        if name in hints:
            if not accepts(hints[name], value):
                _refuse(key, value, describe(hints[name]))
        elif not (str(name).startswith("_") or _is_referenced(key, references)):
            raise QbertError(
                f"{key}: no such key{_nearest(str(name), hints)} "
                "(a key of your own must be referred to by another value)"
            )
    if not address:
        missing = [name for name in hints if name not in values]
        if missing:
            raise QbertError(f"{missing[0]}: accepted {describe(hints[missing[0]])}")


def _is_referenced(key: str, references: Collection[str]) -> bool:
    return any(one == key or one.startswith(f"{key}.") for one in references)


def _select(plain: Mapping[str, Any], address: str) -> Mapping[str, Any] | None:
    """The mapping at an address, None where there is none."""
    node: Any = plain
    for name in address.split("."):
        node = node.get(name) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else None


def _check_targets(address: str, node: object) -> None:
    """Check every `_target_` below ``node``, and its arguments."""
    if isinstance(node, Mapping):
        if "_target_" in node:
            _check_target(address, node)
        for name, value in node.items():
            _check_targets(_join(address, name), value)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            _check_targets(_join(address, index), value)


def _check_target(address: str, node: Mapping[str, Any]) -> None:
    target = node["_target_"]
    if not isinstance(target, str) or not is_allowed(target):
        near = " or ".join(nearest_targets(str(target)))
        raise QbertError(
            f"{address}._target_={target}: not on the list of what may be built"
            + (f": nearest {near}" if near else ": accepted the classes conf/ names")
        )
    parameters = parameters_of(target)
    for name, value in node.items():
        key = _join(address, name)
        if name == "_target_":
            continue
        if name == "_partial_":
            if not isinstance(value, bool):
                _refuse(key, value, "true | false")
        elif name in parameters.annotations:
            _check_argument(key, value, parameters.annotations[name])
        elif not parameters.is_open or name.startswith("_"):
            raise QbertError(
                f"{key}={shown(value)}: {target.rpartition('.')[2]} takes no such "
                f"argument{_nearest(name, parameters.annotations)}"
            )


def _check_argument(key: str, value: object, annotation: Any) -> None:
    hint = hint_of(annotation)
    parts = get_args(hint) or (hint,)
    expected = _ARGUMENT_HINTS.get(key.rpartition(".")[2])
    if expected is None or str in parts:  # where text is meant, no number is
        expected = hint
    elif type(None) in parts:
        expected = Union[expected, None]  # noqa: UP007
    if not (accepts(hint, value) and accepts(expected, value)):
        _refuse(key, value, describe(expected))


def _refuse(key: str, value: object, accepted: str) -> None:
    raise QbertError(f"{key}={shown(value)}: accepted {accepted}")


def _nearest(name: str, names: Collection[str]) -> str:
    near = get_close_matches(name, list(names), 1, 0.5)
    if near:
        return f": nearest {near[0]}"
    return f": accepted {', '.join(list(names)[:12])}" if names else ""


def _join(address: str, name: object) -> str:
    return f"{address}.{name}" if address else str(name)
