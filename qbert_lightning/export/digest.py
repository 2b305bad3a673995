"""SHA-256 digests of tensors and files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from torch import Tensor


def tensor_digest(name: str, tensor: Tensor) -> str:
    """Digest of a tensor's name, type, shape and bytes, in hexadecimal.

    >>> import torch
    >>> tensor_digest("a", torch.zeros(2)) == tensor_digest("b", torch.zeros(2))
    False
    """
    digest = hashlib.sha256(f"{name}|{tensor.dtype}|{list(tensor.shape)}|".encode())
    digest.update(tensor.detach().cpu().contiguous().reshape(-1).numpy())
    return digest.hexdigest()


def file_digest(path: Path) -> str:
    """Digest of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
