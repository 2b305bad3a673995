"""What the overrides of a command line may say, before Hydra composes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException

from qbert_lightning.errors import QbertError

MAX_ARGUMENT = 16_384
MAX_NESTING = 32
MAX_DIGITS = 1000  # Python itself reads no integer of more than 4300

# Where `+key=value` may add something: the mappings that are the user's to fill.
OPEN_MAPPINGS = (
    "allocator.bits",
    "bench.checkpoints",
    "bench.models",
    "bench.runtimes",
    "callbacks",
    "hydra",
    "logger",
    "quant.rules",
    "tags",
    "trainer",
)

# Environment variables that may enter a configuration; others may be secrets, and the
# resolved configuration is written to disk and sent to the tracker.
PLAIN_ENVIRONMENT = frozenset({"HOME", "HOSTNAME", "SLURM_JOB_ID", "TMPDIR", "USER"})

_ENVIRONMENT_REFERENCE = re.compile(r"oc\.env\s*:\s*([\w$]*)")
_TOO_MANY_DIGITS = re.compile(rf"\d{{{MAX_DIGITS + 1}}}")
_INNER_OVERRIDE = re.compile(r"(?<=[\[,:])\s*([\w./@+~]+=[^\[\]{},\"']*)")
_QUOTED = r'"\1"'
_COMPUTED_RESOLVER = re.compile(r"\$\{[^{}:]*\$\{[^{}]*\}[^{}:]*:")


def parse_overrides(
    arguments: Sequence[str], config_loader: ConfigLoader | None = None
) -> list[Override]:
    """The overrides of a command line, each one permitted.

    Args:
        arguments: As typed.
        config_loader: Needed to list the choices of ``group=glob(*)``.

    Raises:
        QbertError: If one cannot be read or is not permitted.
    """
    parser = OverridesParser.create(config_loader)
    overrides = []
    for argument in arguments:
        check_text(argument, what="override")
        try:
            (override,) = parser.parse_overrides([argument])
        except HydraException as error:
            problem = str(error).splitlines()[0]
            raise QbertError(
                f"{_named(argument)}: not an override ({problem}): accepted "
                f"{_with_quotes(argument) or 'key=value, such as quant.weight_bits=4'}"
            ) from error
        if not override.key_or_group:
            raise QbertError(f"{argument}: accepted key=value")
        _check_permitted(override)
        if config_loader is not None:
            _check_choice(override, config_loader)
        overrides.append(override)
    return overrides


def check_text(text: str, what: str) -> None:
    """Raise `QbertError` for text that is too long, too deep, or no text at all."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise QbertError(f"{what} {_named(text)}: accepted UTF-8 text") from error
    if len(text) > MAX_ARGUMENT:
        raise QbertError(
            f"{what} {_named(text)}: {len(text)} characters: "
            f"accepted up to {MAX_ARGUMENT}"
        )
    if _TOO_MANY_DIGITS.search(text):
        raise QbertError(
            f"{what} {_named(text)}: accepted numbers of up to {MAX_DIGITS} digits"
        )
    depth = deepest = 0
    for character in text:
        depth += (character in "[{(") - (character in ")}]")
        deepest = max(deepest, depth)
    if deepest > MAX_NESTING:
        raise QbertError(
            f"{what} {_named(text)}: nested {deepest} deep: "
            f"accepted up to {MAX_NESTING}"
        )
    check_references(text, _shorten(text.partition("=")[0]))


def check_references(text: str, key: str) -> None:
    """Raise `QbertError` if ``text`` refers to an environment variable not listed."""
    if _COMPUTED_RESOLVER.search(text):
        raise QbertError(f"{key}: {_shorten(text)}: resolvers are named, not computed")
    for name in _ENVIRONMENT_REFERENCE.findall(text):
        if name not in PLAIN_ENVIRONMENT:
            accepted = ", ".join(sorted(PLAIN_ENVIRONMENT))
            raise QbertError(
                f"{key}=${{oc.env:{name}}}: this environment variable may not enter a "
                f"configuration: accepted {accepted}"
            )


def key_of(override: Override) -> str:
    """The address an override changes, with dots, without its prefix."""
    address = override.key_or_group
    if override.package is not None and "/" not in address:
        address = f"{address}@{override.package}"
    return address.replace("/", ".")


def is_choice(override: str, config_loader: ConfigLoader) -> bool:
    """Whether an override names a group, so that its value is one of the choices."""
    group = override.lstrip("+~").partition("=")[0].partition("@")[0]
    is_name = re.fullmatch(r"[\w/]+", group) is not None
    return is_name and bool(config_loader.get_group_options(group))


def is_open(address: str) -> bool:
    """Whether an address lies in a mapping the user may add to.

    >>> is_open("callbacks.mine"), is_open("quant.weight_bitz")
    (True, False)
    """
    return any(
        address == mapping or address.startswith(f"{mapping}.")
        for mapping in OPEN_MAPPINGS
    )


def _with_quotes(argument: str) -> str | None:
    """The override with quotes around those inside it, if it can be read with them.

    >>> _with_quotes("+bench.models.mine=[method=qbert,seed=1]")
    '+bench.models.mine=["method=qbert","seed=1"] (with quotes of your shell around it)'
    """
    key, _, value = argument.partition("=")
    inside, count = _INNER_OVERRIDE.subn(_QUOTED, value)
    if not count:
        return None
    quoted = f"{key}={inside}"
    try:
        OverridesParser.create().parse_overrides([quoted])
    except HydraException:
        return None
    return f"{_shorten(quoted, 200)} (with quotes of your shell around it)"


def _check_permitted(override: Override) -> None:
    key = key_of(override)
    if key.startswith("hydra.searchpath"):
        raise QbertError(f"{key}: accepted --config-dir FOLDER instead")
    if override.type is not OverrideType.CHANGE and not is_open(key):
        sign = {"ADD": "+", "FORCE_ADD": "++", "DEL": "~"}[override.type.name]
        raise QbertError(
            f"{sign}{key}: accepted only below {', '.join(OPEN_MAPPINGS)}; "
            "to change a value write key=value"
        )


def _check_choice(override: Override, config_loader: ConfigLoader) -> None:
    """Refuse a group whose choice is no name, which Hydra would not say clearly."""
    group = override.key_or_group
    options = config_loader.get_group_options(group) if group else []
    if not options or override.is_sweep_override() or override.is_delete():
        return
    value = override.value()
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise QbertError(
            f"{_shorten(str(override.input_line))}: accepted {', '.join(options[:15])}"
        )


def _named(text: str) -> str:
    """An argument for a message, its key at length."""
    key, equals, value = text.partition("=")
    return f"{_shorten(key, 100)}{equals}{_shorten(value, 40)}"


def _shorten(text: str, length: int = 60) -> str:
    """Text for a message: printable, and no longer than it need be."""
    plain = "".join(
        c if c.isprintable() else ascii(c)[1:-1] for c in text[: 4 * length]
    )
    return plain if len(plain) <= length else f"{plain[:length]}..."
