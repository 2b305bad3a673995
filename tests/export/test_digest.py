"""Digests tell tensors apart by name, type, shape and value."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from qbert_lightning.export.digest import file_digest, tensor_digest


def test_everything_about_a_tensor_counts() -> None:
    zeros = torch.zeros(4)
    digests = {
        tensor_digest("a", zeros),
        tensor_digest("b", zeros),
        tensor_digest("a", zeros.int()),
        tensor_digest("a", zeros.reshape(2, 2)),
        tensor_digest("a", zeros + 1),
    }
    assert len(digests) == 5
    assert tensor_digest("a", zeros.clone()) in digests


def test_memory_order_does_not_count() -> None:
    x = torch.arange(6.0).reshape(2, 3)
    assert tensor_digest("a", x) == tensor_digest("a", x.T.contiguous().T)


def test_file_digest_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    assert file_digest(tmp_path / "x") == hashlib.sha256(b"abc").hexdigest()
