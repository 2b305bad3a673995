from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from qbert_lightning.allocation import Pareto, Uniform
from qbert_lightning.pipeline.front import FRONT_FILE, print_front, write_front
from qbert_lightning.plan import BlockSize, SensitivityTable

SIZES = {
    f"layer.{i}": BlockSize(8 * 2**20, {bits: 8 * bits * 2**20 + 64 for bits in (2, 4)})
    for i in range(40)
}
TABLE = SensitivityTable(
    "made up",
    importance=dict.fromkeys(SIZES, 1.0),
    scores={name: {2: 1.0 + i, 4: 0.1} for i, name in enumerate(SIZES)},
)


def printed(folder: Path) -> list[str]:
    console = Console(file=StringIO(), width=120)
    print_front(console, folder)
    return console.file.getvalue().splitlines()


def test_sizes_scores_and_bits_of_every_point(tmp_path: Path) -> None:
    allocator = Pareto((2, 4), average_bits=3)
    chosen = allocator.allocate(TABLE, SIZES)
    write_front(allocator.front(TABLE, SIZES), SIZES, chosen, tmp_path)
    rows = json.loads((tmp_path / FRONT_FILE).read_text())
    assert len(rows) == 41
    assert rows[0]["average_bits"] == 2.0
    assert rows[0]["score"] == pytest.approx(sum(range(1, 41)))
    assert rows[-1]["megabytes"] == pytest.approx(40 * 4, abs=0.01)
    assert rows[1]["bits"]["layer.39"] == 4  # the most sensitive one first
    assert [row["bits"] for row in rows if row["chosen"]] == [chosen]
    lines = [line for line in printed(tmp_path) if "│" in line]
    assert len(lines) <= 18
    assert sum("→" in line for line in lines) == 1
    assert "3.000" in next(line for line in lines if "→" in line)


def test_allocators_without_a_front_write_none(tmp_path: Path) -> None:
    write_front(Uniform().front(TABLE, SIZES), SIZES, {}, tmp_path)
    assert not (tmp_path / FRONT_FILE).exists()
    assert printed(tmp_path) == []
