"""What the page is told of curvature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.report import Run, collect_runs
from qbert_lightning.report import curvature as module
from qbert_lightning.report.curvature import curvature
from qbert_lightning.report.payload import CurveTable
from tests.report.analyses import analysis, measurement
from tests.report.run_folders import record, write_run
from tests.report.spectra_folders import spectra, write_spectra

MEAN = "hessian/mean_eigenvalue"


def found(*runs: Run) -> dict[str, Any]:
    return curvature(runs, CurveTable(len(runs)))


def sampled(*values: float) -> Run:
    samples = {"l.10": list(values), "l.9": [1.0]}
    table = {"metric": "m", "importance": {"l.9": 1.0}, "samples": samples}
    return Run.from_record(Path("x"), record(sensitivity=table))


def test_an_analysis_is_told_once_with_its_blocks_in_order() -> None:
    (row,) = found(sampled(3.00001), sampled(3.00001))["analyses"]
    assert row["labels"] == ["9", "10"]
    assert row["samples"] == [[1.0], [3.0]]
    assert row["importance"] == [1.0, None]
    assert row["runs"] == 2


def test_layer_spectra_come_with_curves_and_landscapes(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", record())
    write_spectra(folder, spectra(["l.0", "l.1"], [1]))
    (row,) = found(*collect_runs([tmp_path]))["spectra"]
    first, second = row["layers"]
    assert row["error"] is None
    assert row["numExamples"] == 64
    assert len(first["density"]) == len(first["sharedDensity"]) == 201
    assert max(first["density"]) == pytest.approx(0, abs=0.1)
    assert first["landscape"] is None
    assert len(second["landscape"]["loss"]) == 21


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    write_spectra(write_run(tmp_path / "a", record()), {"version": 9})
    (row,) = found(*collect_runs([tmp_path]))["spectra"]
    assert "version" in row["error"]
    assert row["layers"] == []


def test_pairs_and_their_table_are_told() -> None:
    data = found(measurement(), analysis("hessian_trace", [1, 4, 2, 8]))
    assert [pair["bits"] for pair in data["pairs"]] == [2, 4]
    assert data["pairs"][0]["spearman"] == 1
    assert data["agreement"][0]["metric"] == "hessian_trace"


def test_curves_of_runs_that_share_them_are_told_once(tmp_path: Path) -> None:
    rows = [{"step": step, f"{MEAN}/l.0": 1.0 + step} for step in (0, 5)]
    for name in ("a", "b"):
        write_run(tmp_path / name, record(name=name), rows)
    runs = collect_runs([tmp_path])
    table = CurveTable(len(runs))
    (row,) = curvature(runs, table)["histories"]
    assert row["runs"] == 2
    assert row["quantities"]["mean_eigenvalue"]["blocks"] == ["l.0"]
    assert table.rows == [((0, 5), [1.0, 6.0])]


def test_what_is_too_much_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = {"analyses": 400, "spectra": 20_000, "pairs": 700}
    monkeypatch.setattr(module, "MOST_CHARACTERS", most)
    monkeypatch.setattr(module, "MOST_POINTS", 2)
    for i in range(3):
        rows = [{"step": step, f"{MEAN}/l.0": i + step} for step in (0, 5)]
        folder = write_run(tmp_path / str(i), record(name=str(i)), rows)
        write_spectra(folder, spectra([f"l.{k}" for k in range(6)], seed=i))
    runs = [sampled(1.0), sampled(2.0), sampled(3.0), measurement(), analysis("index")]
    data = found(*collect_runs([tmp_path]), *runs)
    left = {"analyses": 1, "spectra": 2, "pairs": 1, "histories": 2}
    assert data["leftOut"] == left
    assert all(len(data[name]) > 0 for name in left)


def test_nothing_found_is_nothing_told() -> None:
    data = found(Run.from_record(Path("x"), record()))
    assert not any(value for name, value in data.items() if name != "leftOut")
