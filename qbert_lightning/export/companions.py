"""The files beside the tensors that decide a model's answers."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from qbert_lightning.errors import DATA, QbertError

CONFIG_FILE = "config.json"
PLAN_FILE = "plan.json"
NEEDED = (CONFIG_FILE, PLAN_FILE)
DECIDING = (
    *NEEDED,
    "task.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
)
MAX_COMPANION_BYTES = 64 * 2**20


def deciding_files(folder: Path) -> tuple[str, ...]:
    """Those of `DECIDING` that a folder holds."""
    return tuple(name for name in DECIDING if (folder / name).is_file())


def read_companions(
    folder: Path, digests: Mapping[str, str], *, complete: bool
) -> dict[str, bytes]:
    """Read the listed files and check that they are the ones that were listed.

    Args:
        folder: Where they are.
        digests: File name → SHA-256 in hexadecimal.
        complete: Whether every deciding file in the folder must be listed.

    Returns:
        File name → content.

    Raises:
        QbertError: If a file is missing, altered or not listed (code 4).
    """
    for name in digests:
        if name not in DECIDING:
            raise QbertError(
                f"{folder}: file {name[:100]!r} in the list of digests: accepted "
                f"{', '.join(DECIDING)}",
                DATA,
            )
    for name in deciding_files(folder) if complete else NEEDED:
        if name not in digests:
            raise QbertError(
                f"{folder / name}: not in the list of digests: accepted files that "
                "were there at export",
                DATA,
            )
    return {name: _read(folder / name, digest) for name, digest in digests.items()}


def _read(path: Path, digest: str) -> bytes:
    if not path.is_file() or path.stat().st_size > MAX_COMPANION_BYTES:
        raise QbertError(
            f"{path}: missing, or larger than the accepted {MAX_COMPANION_BYTES} bytes",
            DATA,
        )
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise QbertError(f"{path}: altered since export", DATA)
    return content
