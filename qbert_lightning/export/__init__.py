"""Models on disk: checkpoints to go on from, packed artifacts to ship."""

from qbert_lightning.export.checkpoint import load_checkpoint, save_checkpoint
from qbert_lightning.export.container import (
    header_bytes,
    read_container,
    write_container,
)
from qbert_lightning.export.packed import load_packed, save_packed

__all__ = [
    "header_bytes",
    "load_checkpoint",
    "load_packed",
    "read_container",
    "save_checkpoint",
    "save_packed",
    "write_container",
]
