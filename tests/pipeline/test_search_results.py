from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from qbert_lightning.pipeline.search_results import (
    front_of,
    front_table,
    is_open,
    write_search,
)
from qbert_lightning.search.study import Trial

POINT = {"allocator.bits.0": "2", "quant.rules.encoder.match": "[a]"}
TRIALS = [
    Trial(0, POINT, "finished", (0.9, 5.0), is_optimal=True, is_warm=True),
    Trial(1, POINT, "finished", (0.9, 5.0), is_optimal=True),
    Trial(2, {"allocator.bits.0": "4"}, "failed"),
    Trial(3, {"allocator.bits.0": "3"}, "finished", (0.8, 1.0), is_optimal=True),
    Trial(4, {"allocator.bits.0": "8"}, "finished", (0.7, 9.0)),
]


def test_the_front_rises_and_has_each_point_once() -> None:
    assert [one.number for one in front_of(TRIALS)] == [3, 0]


def test_the_file_has_every_trial(tmp_path: Path) -> None:
    data = json.loads(write_search(TRIALS, 5, tmp_path).read_text())
    assert data["front"] == [3, 0]
    assert [one["number"] for one in data["trials"]] == [0, 1, 2, 3, 4]
    assert data["trials"][0]["point"] == POINT
    assert data["trials"][2]["values"] is None


def test_the_table_says_what_was_chosen() -> None:
    console = Console(file=io.StringIO(), width=100)
    console.print(front_table(TRIALS))
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert "2 of 4 finished trials" in printed
    assert "[a]" in printed  # no markup
    assert printed.index("0.8000") < printed.index("0.9000")


def test_a_search_is_open_until_it_has_had_its_trials(tmp_path: Path) -> None:
    assert not is_open(tmp_path)  # another kind of sweep
    (tmp_path / "study.journal").touch()
    assert is_open(tmp_path)  # killed before it could report
    write_search(TRIALS, 6, tmp_path)
    assert is_open(tmp_path)
    write_search(TRIALS, 5, tmp_path)
    assert not is_open(tmp_path)
