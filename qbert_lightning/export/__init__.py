"""Models on disk: checkpoints to go on from, packed artifacts to ship."""

from qbert_lightning.export.checkpoint import load_checkpoint, save_checkpoint
from qbert_lightning.export.container import read_container, write_container
from qbert_lightning.export.encoding import encoded_weights
from qbert_lightning.export.header import header_bytes
from qbert_lightning.export.packed import (
    Packed,
    load_packed,
    read_packed,
    save_packed,
)

__all__ = [
    "Packed",
    "encoded_weights",
    "header_bytes",
    "load_checkpoint",
    "load_packed",
    "read_container",
    "read_packed",
    "save_checkpoint",
    "save_packed",
    "write_container",
]
