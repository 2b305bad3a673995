"""Codes as a dense stream of bits: exactly ``num_bits`` a code, any width from 1 to 8.

Code ``i`` takes bits ``i·b … i·b + b − 1`` of the stream, least significant bit first;
bit ``j`` of the stream is bit ``j mod 8`` of byte ``j div 8``. Unused bits of the last
byte are zero.
"""

from __future__ import annotations

import torch
from torch import Tensor

CODES_PER_CHUNK = 8  # eight codes of b bits fill exactly b bytes


def packed_bytes(num_codes: int, num_bits: int) -> int:
    """Bytes that ``num_codes`` codes take.

    >>> packed_bytes(10, 3)
    4
    """
    return -(-num_codes * num_bits // 8)


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
    if num_bits == 8:
        return codes.clone()
    length = packed_bytes(codes.numel(), num_bits)
    padding = -codes.numel() % CODES_PER_CHUNK
    chunks = torch.nn.functional.pad(codes, (0, padding)).reshape(-1, CODES_PER_CHUNK)
    shifts = torch.arange(num_bits, dtype=torch.uint8, device=codes.device)
    bits = (chunks.unsqueeze(-1) >> shifts) & 1
    return _bits_to_integers(bits.reshape(-1, 8))[:length]


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
    if num_bits == 8:
        return packed[:num_codes].clone()
    padding = -packed.numel() % num_bits
    chunks = torch.nn.functional.pad(packed, (0, padding)).reshape(-1, 1)
    shifts = torch.arange(8, dtype=torch.uint8, device=packed.device)
    bits = (chunks >> shifts) & 1
    return _bits_to_integers(bits.reshape(-1, num_bits))[:num_codes]


def _bits_to_integers(bits: Tensor) -> Tensor:
    """``[n, width]`` of zeros and ones, least significant first, as uint8 ``[n]``."""
    result = torch.zeros(bits.shape[0], dtype=torch.uint8, device=bits.device)
    for position in range(bits.shape[1]):
        result |= bits[:, position] << position
    return result
