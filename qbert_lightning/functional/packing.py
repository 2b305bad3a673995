"""Codes as a dense stream of bits: exactly ``num_bits`` a code, any width from 1 to 8.

Code ``i`` takes bits ``i·b … i·b + b − 1`` of the stream, least significant bit first;
bit ``j`` of the stream is bit ``j mod 8`` of byte ``j div 8``. Unused bits of the last
byte are zero.

Neither direction goes bit by bit. The fewest codes that fill whole bytes are a chunk: 2
codes of 4 bits, 4 of 2 or 6 bits, 8 of an odd width. In a word that has a byte for each
of its codes, a chunk is spread out by halves: its upper half moves to the upper half of
the word, then each half does the same, until every code stands in a byte of its own.
Packing gathers in the opposite order.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

import torch
from torch import Tensor
from torch.nn import functional as F

BYTE = 8
WORDS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def packed_bytes(num_codes: int, num_bits: int) -> int:
    """Bytes that ``num_codes`` codes take.

    >>> packed_bytes(10, 3)
    4
    """
    return -(-num_codes * num_bits // BYTE)


def codes_per_chunk(num_bits: int) -> int:
    """The fewest codes that fill whole bytes.

    >>> [codes_per_chunk(bits) for bits in range(1, 9)]
    [8, 4, 8, 2, 8, 4, 8, 1]
    """
    return BYTE // gcd(BYTE, num_bits)


def pack(codes: Tensor, num_bits: int) -> Tensor:
    """Pack unsigned codes densely.

    Args:
        codes: uint8 tensor of any shape, values below ``2 ** num_bits``.
        num_bits: Width of a code, 1 to 8.

    Returns:
        uint8 ``[packed_bytes]``.

    >>> import torch
    >>> pack(torch.tensor([1, 2, 3, 0], dtype=torch.uint8), 2).tolist()
    [57]
    """
    codes = codes.reshape(-1)
    count = codes_per_chunk(num_bits)
    padded = F.pad(codes, (0, -codes.numel() % count))  # a copy in any case
    words = padded.view(WORDS[count])
    for upper, shift in reversed([*_halvings(num_bits)]):
        words -= (words >> shift & upper).mul_(2**shift - 1)
    chunks = words.view(torch.uint8).reshape(words.numel(), count)
    # Not a view of the words, which are up to eight times as large.
    stream = chunks[:, : count * num_bits // BYTE].reshape(-1).contiguous()
    return stream[: packed_bytes(codes.numel(), num_bits)]


def unpack(packed: Tensor, num_bits: int, num_codes: int) -> Tensor:
    """Undo `pack`.

    Args:
        packed: uint8 ``[packed_bytes]``.
        num_bits: Width of a code, 1 to 8.
        num_codes: How many codes the stream holds.

    Returns:
        uint8 ``[num_codes]``.

    >>> import torch
    >>> unpack(torch.tensor([57], dtype=torch.uint8), 2, 4).tolist()
    [1, 2, 3, 0]
    """
    words = _chunks(packed, num_bits)
    for upper, shift in _halvings(num_bits):
        words += (words & upper).mul_(2**shift - 1)  # moved: less where it was
    return words.view(torch.uint8)[:num_codes]


def _halvings(num_bits: int) -> Iterator[tuple[int, int]]:
    """How a chunk is spread out, one step at a time.

    Yields:
        The bits of all upper halves, before they move, and how far they do.

    >>> [(hex(upper), shift) for upper, shift in _halvings(2)]
    [('0xf0', 12), ('0xc000c', 6)]
    """
    count = codes_per_chunk(num_bits)
    width = BYTE * count
    while count > 1:
        count //= 2
        half = count * num_bits
        parts = range(0, width, 2 * count * BYTE)
        upper = sum((2**half - 1) << part + half for part in parts)
        yield upper, count * (BYTE - num_bits)


def _chunks(packed: Tensor, num_bits: int) -> Tensor:
    """Each chunk of the stream in the low bytes of a word of its own; a copy."""
    count = codes_per_chunk(num_bits)
    num_bytes = count * num_bits // BYTE
    missing = -packed.numel() % num_bytes
    padded = F.pad(packed, (0, missing)) if missing else packed
    layout = torch.contiguous_format
    words = padded[::num_bytes].to(WORDS[count], copy=True, memory_format=layout)
    for place in range(1, num_bytes):
        words |= padded[place::num_bytes].to(words.dtype) << place * BYTE
    return words
