"""The table as Markdown."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.report import Run, write_markdown
from tests.report.run_folders import record


def run(seed: int, score: float, name: str = "a") -> Run:
    metrics = {
        "test/accuracy": score,
        "quant/drop": 0.01,
        "quant/bytes_on_disk": 3 * 2**19,
        "quant/compression": 8.0,
    }
    values = record(seed=seed, name=f"{name}-s{seed}", metrics=metrics)
    return Run.from_record(Path(f"runs/{seed}"), values)


def test_rows_are_means_over_seeds_in_percent_and_bytes_on_disk(tmp_path: Path) -> None:
    path = write_markdown([run(0, 0.90), run(1, 0.92)], tmp_path / "deep" / "t.md")
    title, _, head, rule, row, *_ = path.read_text().splitlines()
    assert title == "accuracy on SST-2 dev"
    assert head.count("|") == rule.count("|") == row.count("|")
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[0] == "a"
    assert cells[3:] == ["91.00 ± 1.41 (2)", "1.00 ± 0.00", "1.50", "8.00 ×"]


def test_hostile_names_stay_in_their_cell(tmp_path: Path) -> None:
    path = write_markdown([run(0, 0.9, "x | <b>y</b>")], tmp_path / "t.md")
    text = path.read_text()
    assert "x \\| &lt;b&gt;y&lt;/b&gt;" in text
    assert "<b>" not in text
