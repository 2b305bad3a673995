"""Which configuration keys tell the compared settings apart."""

from __future__ import annotations

from collections.abc import Sequence

from qbert_lightning.report.aggregate import Setting

# Keys whose values have a column of their own in every table.
OWN_COLUMN = ("quant.weight_bits", "quant.groups", "quant.activation_bits")
TARGET = "_target_"  # names the class that a configured object is made from
MISSING = object()


def differing_keys(settings: Sequence[Setting]) -> list[str]:
    """Every configuration key that has more than one value among the settings."""
    keys = dict.fromkeys(key for setting in settings for key in setting.settings)
    return [key for key in keys if len({_value(s, key) for s in settings}) > 1]


def telling_keys(settings: Sequence[Setting]) -> list[str]:
    """The differing keys needed to tell the settings apart, and no others.

    A method brings dozens of keys of its own, all of which follow from its name. So
    a key is listed only if it separates two settings that the columns before it leave
    together: method, weight bits, groups and activation bits first, then keys somebody
    typed as an override, then the shortest keys, and last the arguments of an object
    that is of another class in another setting.

    Args:
        settings: Settings of one task.

    Returns:
        Dotted keys in the order in which they were needed.
    """
    typed = {
        override.lstrip("+~").partition("=")[0]
        for setting in settings
        for run in setting.runs
        for override in run.overrides
    }
    differing = differing_keys(settings)
    classes = [key for key in differing if key.endswith(f".{TARGET}")]

    def order(key: str) -> tuple[object, ...]:
        follows = any(
            key != each and key.startswith(each.removesuffix(TARGET))
            for each in classes
        )
        return (key not in typed, follows, TARGET in key, key.count("."), key)

    candidates = sorted((key for key in differing if key not in OWN_COLUMN), key=order)
    known = [
        (setting.first.method, *(_value(setting, key) for key in OWN_COLUMN))
        for setting in settings
    ]
    telling = []
    for key in candidates:
        refined = [
            (*row, _value(s, key)) for row, s in zip(known, settings, strict=True)
        ]
        if len(set(refined)) > len(set(known)):
            telling.append(key)
            known = refined
    return telling


def short_labels(keys: Sequence[str]) -> list[str]:
    """The last parts of each dotted key, as many as make it unique.

    What an object is made from goes by the object's name.

    >>> short_labels(["quant.embedding_bits", "finetune.lr", "quantize.lr"])
    ['embedding_bits', 'finetune.lr', 'quantize.lr']
    >>> short_labels(["allocator._target_"])
    ['allocator']
    """
    keys = [key.removesuffix(f".{TARGET}") for key in keys]
    labels = []
    for key in keys:
        parts = key.split(".")
        endings = (".".join(parts[start:]) for start in range(len(parts) - 1, 0, -1))
        others = [other for other in keys if other != key]
        unique = (
            ending
            for ending in endings
            if not any(other.endswith(f".{ending}") for other in others)
        )
        labels.append(next(unique, key))
    return labels


def _value(setting: Setting, key: str) -> str | object:
    value = setting.settings.get(key, MISSING)
    return value if value is MISSING else repr(value)
