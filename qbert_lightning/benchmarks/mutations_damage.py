"""Damage to a file's bytes, as disks, networks and careless hands do it."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Mapping
from random import Random

LONGEST = 64  # bytes of a damaged stretch
_DIGIT = re.compile(rb"[0-9]")

Damage = Callable[[bytes, Random], bytes]


def flip_bits(content: bytes, random: Random) -> bytes:
    """One to eight bits turned over."""
    altered = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 8))):
        altered[_position(content, random)] ^= 1 << random.randrange(8)
    return bytes(altered)


def truncate(content: bytes, random: Random) -> bytes:
    """The end cut off."""
    return content[: _position(content, random)]


def zero(content: bytes, random: Random) -> bytes:
    """A stretch of zeros."""
    start, stop = _stretch(content, random)
    return content[:start] + bytes(stop - start) + content[stop:]


def duplicate(content: bytes, random: Random) -> bytes:
    """A stretch that stands there twice."""
    start, stop = _stretch(content, random)
    return content[:stop] + content[start:]


def insert(content: bytes, random: Random) -> bytes:
    """Bytes that do not belong there."""
    start, stop = _stretch(content, random)
    return content[:start] + random.randbytes(stop - start) + content[start:]


def delete(content: bytes, random: Random) -> bytes:
    """A stretch that is gone."""
    start, stop = _stretch(content, random)
    return content[:start] + content[stop:]


def change_digit(content: bytes, random: Random) -> bytes:
    """Another digit in the JSON at the beginning."""
    places = [
        found.start() for found in _DIGIT.finditer(content, 0, _text_end(content))
    ]
    if not places:
        return flip_bits(content, random)
    place = random.choice(places)
    return content[:place] + b"%d" % random.randrange(10) + content[place + 1 :]


def change_header_length(content: bytes, random: Random) -> bytes:
    """Another length of the header, near or absurd."""
    (length,) = struct.unpack("<Q", content[:8])
    near = max(0, length + random.choice((-8, -1, 1, 8, 64)))
    far = random.choice((0, 1, 2**31, 2**32, 2**63, 2**64 - 1, random.getrandbits(64)))
    return struct.pack("<Q", random.choice((near, far))) + content[8:]


def swap_tensors(content: bytes, random: Random) -> bytes:
    """Two tensors' bytes in each other's place."""
    end = 8 + struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:end])
    header.pop("__metadata__")
    spans = [tuple(entry["data_offsets"]) for entry in header.values()]
    first = random.choice(spans)
    ours = content[end + first[0] : end + first[1]]
    others = [
        (start, stop)
        for start, stop in spans
        if stop - start == len(ours) and content[end + start : end + stop] != ours
    ]
    if not others:
        return flip_bits(content, random)
    second = random.choice(others)
    altered = bytearray(content)
    for place, source in ((first, second), (second, first)):
        altered[end + place[0] : end + place[1]] = content[
            end + source[0] : end + source[1]
        ]
    return bytes(altered)


DAMAGES: Mapping[str, Damage] = {
    "bit flip": flip_bits,
    "truncate": truncate,
    "zero": zero,
    "duplicate": duplicate,
    "insert": insert,
    "delete": delete,
    "digit": change_digit,
}
"""Damages that any file may suffer."""

CONTAINER_DAMAGES: Mapping[str, Damage] = {
    **DAMAGES,
    "header length": change_header_length,
    "swap": swap_tensors,
}
"""Damages that a safetensors file may suffer."""


def _text_end(content: bytes) -> int:
    """Where the header ends, or the file if it has none."""
    if content[:1] == b"{":
        return len(content)
    return min(len(content), 8 + int(struct.unpack("<Q", content[:8])[0]))


def _position(content: bytes, random: Random) -> int:
    """Anywhere, half of the time within the header."""
    return random.randrange(random.choice((_text_end(content), len(content))))


def _stretch(content: bytes, random: Random) -> tuple[int, int]:
    start = _position(content, random)
    return start, min(len(content), start + random.randint(1, LONGEST))
