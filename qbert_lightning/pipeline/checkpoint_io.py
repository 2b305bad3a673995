"""Checkpoints of a training: written durably, read without trust."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import torch
from pytorch_lightning.plugins.io import CheckpointIO
from torch import Tensor

from qbert_lightning.errors import DATA, ENVIRONMENT, QbertError
from qbert_lightning.tracking import replacing

_MARK = b"\nqbert-sha256:"
_DIGEST_BYTES = 32
_TAIL_BYTES = len(_MARK) + _DIGEST_BYTES
_CHUNK_BYTES = 1 << 22
# Names, shapes and progress beside the tensors.
_EXTRA_BYTES = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DurableCheckpointIO(CheckpointIO):
    """A file in torch's format, followed by the SHA-256 of what precedes it.

    The old file stays until the new one is on disk. `torch.load` reads such a file too;
    it does not look at the digest.
    """

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | os.PathLike[str],
        storage_options: Any = None,
    ) -> None:
        """Write a checkpoint.

        Args:
            checkpoint: Tensors in containers of plain values.
            path: The file to replace.
            storage_options: None; Lightning's argument.

        Raises:
            QbertError: (code 3) if it does not fit on the disk; the old one stays.
        """
        path = Path(path)
        needed = _tensor_bytes(checkpoint) + _EXTRA_BYTES
        path.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(path.parent).free < needed:
            raise _no_space(path, needed)
        hashing = None
        try:
            with replacing(path) as stream:
                hashing = _Hashing(stream)
                torch.save(checkpoint, hashing)
                stream.write(_MARK + hashing.digest.digest())
        except (OSError, RuntimeError) as error:
            # torch hides why a write failed behind an error of its own.
            cause = (hashing and hashing.error) or error
            if getattr(cause, "errno", None) in _FULL:
                raise _no_space(path, needed) from error
            raise cause from error

    def load_checkpoint(
        self,
        path: str | os.PathLike[str],
        map_location: Any = "cpu",
        weights_only: bool | None = True,
    ) -> dict[str, Any]:
        """Read a checkpoint, once its digest is right.

        Args:
            path: The file.
            map_location: Where tensors go.
            weights_only: No other way is offered.

        Raises:
            QbertError: (code 4) if the file is not a whole one that this class wrote.
        """
        path = Path(path)
        _check(path)
        try:
            state = torch.load(path, map_location=map_location, weights_only=True)
        except Exception as error:
            raise _refused(path, f"cannot be read ({type(error).__name__})") from error
        if not isinstance(state, dict):
            raise _refused(path, f"holds a {type(state).__name__}")
        return state

    def remove_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Remove a checkpoint, if it is there."""
        Path(path).unlink(missing_ok=True)


class _Hashing:
    """A stream that digests what it writes, and remembers why it could not."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.digest = hashlib.sha256()
        self.error: OSError | None = None

    def write(self, content: Any) -> int:
        self.digest.update(content)
        try:
            return self.stream.write(content)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self.stream.flush()


def _check(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            left = os.fstat(stream.fileno()).st_size - _TAIL_BYTES
            if left < 0:
                raise _refused(path, "too short")
            digest = hashlib.sha256()
            while left > 0:
                chunk = stream.read(min(_CHUNK_BYTES, left))
                if not chunk:
                    raise _refused(path, "cut off")
                digest.update(chunk)
                left -= len(chunk)
            tail = stream.read()
    except OSError as error:
        raise _refused(path, str(error)) from error
    if tail[: len(_MARK)] != _MARK:
        raise _refused(path, "cut off, or from elsewhere")
    if tail[len(_MARK) :] != digest.digest():
        raise _refused(path, "its digest is wrong")


def _tensor_bytes(value: Any) -> int:
    """Bytes of all tensors in nested containers."""
    if isinstance(value, Tensor):
        return value.untyped_storage().nbytes()
    if isinstance(value, Mapping):
        return sum(map(_tensor_bytes, value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return sum(map(_tensor_bytes, value))
    return 0


def _refused(path: Path, reason: str) -> QbertError:
    return QbertError(f"{path}: not a whole checkpoint: {reason}", DATA)


def _no_space(path: Path, needed: int) -> QbertError:
    free = shutil.disk_usage(path.parent).free
    return QbertError(
        f"{path.parent}: no space left for a checkpoint: need {needed / 2**20:.1f} MB, "
        f"free {free / 2**20:.1f} MB",
        ENVIRONMENT,
    )
