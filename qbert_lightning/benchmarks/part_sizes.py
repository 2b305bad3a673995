"""What the parts of a packed model weigh: by their plan, and in the file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from qbert_lightning.export.header import read_header
from qbert_lightning.plan import QuantPlan, storage_bits

EMBEDDINGS, ENCODER, HEAD = "embeddings", "encoder", "pooler and head"
BACKBONE = f"{EMBEDDINGS} and {ENCODER}"
HEADER, WHOLE = "header", "file"
FLOAT_BYTES = 4


@dataclass(frozen=True)
class PartSize:
    """Bytes of a part of a model.

    Attributes:
        part: Its name.
        computed: Of its parameters, by shapes and plan.
        state: Of what else a quantized layer keeps, by the model's buffers.
        on_disk: In the file.
        in_float: Of its parameters in float32.
    """

    part: str
    computed: int
    state: int
    on_disk: int
    in_float: int


def part_sizes(model: nn.Module, plan: QuantPlan, file: Path) -> list[PartSize]:
    """Weigh a packed model.

    Args:
        model: It, plan applied.
        plan: Its plan.
        file: Its container.

    Returns:
        Embeddings, encoder, both, the rest, the file's header, and the whole.
    """
    parameters = {name: tuple(p.shape) for name, p in model.named_parameters()}
    computed = {
        name: -(-storage_bits(plan, {name: shape}) // 8)
        for name, shape in parameters.items()
    }
    in_float = {name: FLOAT_BYTES * p.numel() for name, p in model.named_parameters()}
    state = {
        name: each.nbytes
        for name, each in model.state_dict().items()
        if name not in parameters
    }
    with file.open("rb") as stream:
        header = read_header(stream, file.stat().st_size, str(file))
    on_disk = {name: each.stop - each.start for name, each in header.entries.items()}
    tables = (computed, state, on_disk, in_float)
    parts = [
        PartSize(part, *(sum(_of(table, part)) for table in tables))
        for part in (EMBEDDINGS, ENCODER, HEAD)
    ]
    backbone = _sum(BACKBONE, parts[:2])
    head = PartSize(HEADER, 0, 0, header.num_bytes, 0)
    return [*parts[:2], backbone, parts[2], head, _sum(WHOLE, [*parts, head])]


def _of(table: dict[str, int], part: str) -> Iterator[int]:
    return (value for name, value in table.items() if _part(name) == part)


def _part(name: str) -> str:
    """Which part a tensor belongs to.

    >>> _part("bert.encoder.layer.0.output.dense.weight"), _part("classifier.bias")
    ('encoder', 'pooler and head')
    """
    words = name.split(".")
    return next((part for part in (EMBEDDINGS, ENCODER) if part in words), HEAD)


def _sum(part: str, sizes: list[PartSize]) -> PartSize:
    keys = ("computed", "state", "on_disk", "in_float")
    return PartSize(part, *(sum(getattr(size, key) for size in sizes) for key in keys))
