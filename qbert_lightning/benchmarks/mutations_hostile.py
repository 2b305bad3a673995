"""Folders that lie with digests that are right: every one of these must be refused."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from qbert_lightning.benchmarks.mutations_bad_values import (
    BAD_DTYPES,
    BAD_FLOATS,
    BAD_FORMATS,
    BAD_NAMES,
    BAD_NUMBERS,
    BAD_PLANS,
    BAD_SETTINGS,
    BAD_SIZES,
    BAD_TEXTS,
    SIZE_KEYS,
)
from qbert_lightning.benchmarks.mutations_draft import Draft, contained
from qbert_lightning.export.checkpoint import MODEL_FILE
from qbert_lightning.export.companions import CONFIG_FILE, NEEDED, PLAN_FILE

Files = dict[str, bytes]
Lie = Callable[[Draft, Random], None]


def _shape(draft: Draft, random: Random) -> None:
    part = draft.parts[random.choice([*draft.parts])]
    while part.is_true:
        bad = random.choice((*BAD_SIZES, random.randrange(10**6)))
        part.shape = random.choice(([*part.shape, bad], [bad], bad, [2**32] * 3))
        if not isinstance(part.shape, list) or any(
            type(n) is not int for n in part.shape
        ):
            return


def _other_shape(draft: Draft, random: Random) -> None:
    """As many values, in one dimension more."""
    part = draft.parts[random.choice([*draft.parts])]
    part.shape = random.choice(([*part.shape, 1], [1, *part.shape]))


def _dtype(draft: Draft, random: Random) -> None:
    part = draft.parts[random.choice([*draft.parts])]
    if part.dtype == "U8" or random.random() < 0.7:
        part.dtype = random.choice(BAD_DTYPES)
    else:  # the same bytes, read as another type that is accepted
        part.dtype, part.shape = "U8", [len(part.content)]


def _name(draft: Draft, random: Random) -> None:
    old = random.choice([*draft.parts])
    new = random.choice((*BAD_NAMES, old + "x", old.upper() + "_", "bert." + old))
    draft.parts = {new if n == old else n: part for n, part in draft.parts.items()}


def _missing(draft: Draft, random: Random) -> None:
    del draft.parts[random.choice([*draft.parts])]


def _one_too_many(draft: Draft, random: Random) -> None:
    source = random.choice([*draft.parts])
    ending = random.choice(("2", ".codes", ".scale", ".offset", ".weight"))
    draft.parts[source + ending] = draft.parts[source]


def _offsets(draft: Draft, random: Random) -> None:
    far = random.choice((1, 4, 8, -4, 64, 2**40, 2**63, -(2**40)))
    both = random.random() < 0.5
    filled = [name for name, part in draft.parts.items() if part.content]
    draft.offsets[random.choice(filled)] = (far, far if both else 0)


def _values(draft: Draft, random: Random) -> None:
    """A float that is none, a scale that is zero, a count below zero."""
    name = random.choice([n for n, part in draft.parts.items() if part.dtype != "U8"])
    part = draft.parts[name]
    if part.dtype == "I64":
        value = struct.pack("<q", random.choice((-1, -(2**63))))
    else:
        is_scale = name.endswith(".weight.scale")
        bad = (*BAD_FLOATS, 0.0, -1.0, 3.4e38) if is_scale else BAD_FLOATS
        value = struct.pack("<f", random.choice(bad))
    place = len(value) * random.randrange(len(part.content) // len(value))
    part.content = part.content[:place] + value + part.content[place + len(value) :]


def _codes(draft: Draft, random: Random) -> None:
    """A code that symmetric levels leave out, or codes of another length."""
    names = [name for name in draft.parts if name.endswith(".codes")]
    layers = draft.json(PLAN_FILE)["layers"]
    symmetric = [
        name
        for name in names
        if layers[name.removesuffix(".weight.codes")]["weight"]["symmetric"]
    ]
    if random.random() < 0.5:
        part = draft.parts[random.choice(symmetric)]
        place = random.randrange(len(part.content) - 2)
        part.content = part.content[:place] + b"\xff" * 3 + part.content[place + 3 :]
    else:
        part = draft.parts[random.choice(names)]
        longer = part.content + b"\x00" * random.choice((1, 7, 1000))
        part.content = random.choice((longer, part.content[:-1], b""))
        part.shape = [len(part.content)]


def _format_of_a_layer(draft: Draft, random: Random) -> None:
    plan = draft.json(PLAN_FILE)
    layer = random.choice([*plan["layers"].values()])
    weight = layer["weight"]
    other_bits = {
        "num_bits": random.choice([b for b in range(2, 9) if b != weight["num_bits"]])
    }
    other_kind = {"symmetric": not weight["symmetric"]}
    weight |= random.choice((*BAD_FORMATS, other_bits, other_kind))
    draft.put(PLAN_FILE, plan)


def _plan(draft: Draft, random: Random) -> None:
    plan = draft.json(PLAN_FILE)
    name = random.choice([*plan["layers"]])
    lies: tuple[Callable[[], Any], ...] = (
        lambda: plan["layers"].pop(name),
        lambda: plan["layers"].update({name + "x": plan["layers"][name]}),
        lambda: plan["layers"].update({name: None}),
        lambda: plan["layers"][name].update(weight=None),
        lambda: plan["layers"][name].update(weight=5),
        lambda: plan["layers"][name].update(delay="soon"),
        lambda: plan["layers"][name].update(delay=-1),
        lambda: plan["layers"][name].update(surprise=1),
        lambda: plan.update(version=random.choice((0, 2, "1", None))),
        lambda: plan.update(layers=[*plan["layers"]]),
    )
    if random.random() < 0.2:
        draft.put(PLAN_FILE, random.choice(BAD_PLANS))
    else:
        random.choice(lies)()
        draft.put(PLAN_FILE, plan)


def _configuration(draft: Draft, random: Random) -> None:
    config = draft.json(CONFIG_FILE)
    if random.random() < 0.6:
        key = random.choice(SIZE_KEYS)
        near = config[key] * random.choice((3, 10**3)) + 1  # divides nothing
        config[key] = random.choice((*BAD_NUMBERS, near))
    else:
        config |= random.choice(BAD_SETTINGS)
    draft.put(CONFIG_FILE, config)


def _text(draft: Draft, random: Random) -> None:
    draft.files[random.choice(NEEDED)] = random.choice(BAD_TEXTS)


def _list(draft: Draft, random: Random) -> None:
    """A list of digests, or metadata, of another form than we write."""
    lies: tuple[dict[str, Any], ...] = (
        {"digests": random.choice(BAD_TEXTS).decode(errors="replace")},
        {"digests": '{"files": {}, "tensors": {}}'},
        {"digests": '{"files": [], "tensors": []}'},
        {"digests": '{"files": {"../x": "0"}, "tensors": {}}'},
        {"digests": 5},
        {"seal": "0" * 64},
        {"seal": None},
        {"format": "pt"},
        {"version": random.choice(("0", "3", "", 2))},
        {"surprise": {"a": 1}},
    )
    draft.metadata |= random.choice(lies)


def _unlisted(draft: Draft, random: Random) -> None:
    draft.unlisted.add(random.choice([*draft.files]))


def _added_file(draft: Draft, random: Random) -> None:
    """A file that would change the tokenizer, and is in no list."""
    absent = {"added_tokens.json", "vocab.txt", "task.json"} - set(draft.files)
    name = random.choice(sorted(absent))
    draft.files[name] = b"{}"
    draft.unlisted.add(name)


LIES: Mapping[str, Lie] = {
    "shape": _shape,
    "other shape": _other_shape,
    "dtype": _dtype,
    "name": _name,
    "missing": _missing,
    "one too many": _one_too_many,
    "offsets": _offsets,
    "values": _values,
    "codes": _codes,
    "number format": _format_of_a_layer,
    "plan": _plan,
    "config": _configuration,
    "JSON": _text,
    "list": _list,
    "unlisted": _unlisted,
    "added file": _added_file,
}


def hostile(files: Mapping[str, bytes], lie: str, random: Random) -> Files:
    """A good folder's files with one lie in them, and digests to match."""
    draft = Draft.of(files)
    LIES[lie](draft, random)
    return draft.folder()


def hostile_header(files: Mapping[str, bytes], random: Random) -> Files:
    """A header that is JSON of another form, in front of the right tensors."""
    draft = Draft.of(files)
    right = draft.header()
    lies = (
        *BAD_TEXTS,
        right[:-1] + b', "__metadata__": {}}',
        right[:-1] + b"," + right[1:],
        right.replace(b'"dtype"', b'"dtyp"', 1),
        right.replace(b'"shape"', b'"extra": 0, "shape"', 1),
        right.replace(b'"format"', b'"form"', 1),
        right + b" " * 5 * 2**20,
        right.replace(b"[", b"[" * 3_000, 1),
    )
    header = random.choice(lies)
    return {**draft.files, MODEL_FILE: contained(header, draft.body())}
