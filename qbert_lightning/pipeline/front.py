"""The Pareto front of an allocation: what every size could have been used for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from qbert_lightning.allocation import FrontPoint
from qbert_lightning.plan import BlockSize, megabytes

FRONT_FILE = "front.json"
MOST_ROWS = 16


def write_front(
    points: Sequence[FrontPoint],
    sizes: Mapping[str, BlockSize],
    chosen: Mapping[str, int],
    folder: Path,
) -> None:
    """Write ``front.json``: one object for each assignment, by rising size.

    Args:
        points: Of `BitAllocator.front`; without any, nothing is written.
        sizes: The blocks that were given bits.
        chosen: The assignment in use, which is marked.
        folder: Where to.
    """
    if points:
        rows = [_row(point, sizes, chosen) for point in points]
        text = json.dumps(rows, indent=1, allow_nan=False)
        (folder / FRONT_FILE).write_text(f"{text}\n", encoding="utf-8")


def print_front(console: Console, folder: Path) -> None:
    """Print the front in a folder, if there is one, thinned to a screen.

    Args:
        console: Where to.
        folder: Holds ``front.json``.
    """
    path = folder / FRONT_FILE
    if not path.is_file():
        return
    rows = json.loads(path.read_text(encoding="utf-8"))
    table = Table(title=f"Pareto front ({len(rows)} points)", title_justify="left")
    for name in ("", "average bits", "MB", "summed score", "bits by block"):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    stride = max(1, -(-len(rows) // MOST_ROWS))
    for index, row in enumerate(rows):
        if row["chosen"] or index % stride == 0 or index == len(rows) - 1:
            table.add_row(
                "→" if row["chosen"] else "",
                f"{row['average_bits']:.3f}",
                f"{row['megabytes']:.3f}",
                f"{row['score']:.4g}",
                "".join(map(str, row["bits"].values())),
            )
    console.print(table)


def _row(
    point: FrontPoint, sizes: Mapping[str, BlockSize], chosen: Mapping[str, int]
) -> dict[str, Any]:
    weights = sum(size.num_weights for size in sizes.values())
    codes = sum(sizes[name].num_weights * bits for name, bits in point.bits.items())
    stored = sum(sizes[name].storage_bits[bits] for name, bits in point.bits.items())
    return {
        "average_bits": codes / weights,
        "megabytes": megabytes(stored),
        "score": point.score,
        "chosen": dict(point.bits) == dict(chosen),
        "bits": dict(point.bits),
    }
