"""What an analysis and a plan send to the tracker."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.pipeline.pictures import (
    log_agreement,
    log_artifacts,
    log_bits,
    log_sensitivity,
    log_spectra,
)
from qbert_lightning.tracking import (
    RunRecord,
    WandbRun,
    WandbSettings,
    decode,
    open_wandb,
)
from tests.report.analyses import MEASURED, analysis, measurement
from tests.report.spectra_folders import spectra

BLOCKS = ["bert.encoder.layer.0", "bert.encoder.layer.1"]


class Listener(WandbRun):
    """A tracker that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: dict[str, Any] = {}
        self.tables: dict[str, tuple[list[str], list[list[Any]]]] = {}
        self.artifacts: dict[str, tuple[str, Path, dict[str, Any]]] = {}

    def artifact(
        self, name: str, kind: str, path: Path, metadata: Mapping[str, Any]
    ) -> None:
        self.artifacts[name] = (kind, path, dict(metadata))

    def figure(self, name: str, make: Callable[[], Any]) -> None:
        self.figures[name] = make()

    def table(
        self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        self.tables[name] = (list(columns), [list(row) for row in rows])


def test_spectra_are_pictures_and_tables() -> None:
    content, tracker = spectra(BLOCKS, [0, 1]), Listener()
    log_spectra(tracker, content)
    assert tracker.figures.keys() == {
        "hessian/spectral_density",
        "hessian/landscapes",
        *(f"hessian/landscape/{block}" for block in BLOCKS),
    }
    _, eigenvalues = tracker.tables["hessian/eigenvalues"]
    found = content["blocks"][BLOCKS[1]]["eigenvalues"]
    assert [[BLOCKS[1], i + 1, x] for i, x in enumerate(found)] == eigenvalues[20:]
    columns, traces = tracker.tables["hessian/traces"]
    assert traces[0][columns.index("trace")] == content["blocks"][BLOCKS[0]]["trace"]
    num_nodes = sum(len(b["density"]["nodes"]) for b in content["blocks"].values())
    assert len(tracker.tables["hessian/density"][1]) == num_nodes


def test_numbers_may_be_decoded_already() -> None:
    content, tracker = decode(spectra(BLOCKS, [0])), Listener()
    log_spectra(tracker, content)
    assert "hessian/landscapes" not in tracker.figures
    assert f"hessian/landscape/{BLOCKS[0]}" in tracker.figures


def test_a_sensitivity_table_is_sent_with_what_rankings_are_made_of() -> None:
    tracker = Listener()
    importance = dict(zip(BLOCKS, (2.0, 1.0), strict=True))
    table = {
        "metric": "hessian_trace",
        "importance": importance,
        "scores": {block: {"2": x, "4": x / 16} for block, x in importance.items()},
        "samples": {block: [x, x] for block, x in importance.items()},
    }
    log_sensitivity(tracker, table)
    assert tracker.figures.keys() == {"sensitivity/hessian_trace_over_subsets"}
    columns, rows = tracker.tables["sensitivity/scores"]
    assert columns == ["block", "metric", "importance", "bits", "score"]
    assert rows[1] == [BLOCKS[0], "hessian_trace", 2.0, 4, 0.125]
    assert len(tracker.tables["sensitivity/importance"][1]) == 2
    assert len(tracker.tables["sensitivity/samples"][1]) == 4


@pytest.mark.parametrize("samples", [{}, {BLOCKS[0]: []}])
def test_a_metric_without_samples_has_no_distribution(samples: dict) -> None:
    tracker = Listener()
    table = {"metric": "index", "importance": {BLOCKS[0]: 1.0}, "scores": {}}
    log_sensitivity(tracker, table | {"samples": samples})
    assert tracker.tables.keys() == {"sensitivity/importance"}
    assert not tracker.figures


def test_a_plan_is_a_heat_map() -> None:
    tracker = Listener()
    log_bits(tracker, {f"{block}.query": 2 for block in BLOCKS})
    assert tracker.figures.keys() == {"quant/plan_bits"}
    log_bits(Listener(), {})


def test_everything_reaches_the_files_of_a_run_offline(tmp_path: Path) -> None:
    settings = WandbSettings(mode="offline", project="tests")
    with open_wandb(settings, RunRecord("x"), tmp_path) as tracker:
        log_spectra(tracker, spectra(BLOCKS, [0, 1]))
        log_bits(tracker, {f"{block}.query": 2 for block in BLOCKS})
        assert tracker.is_active
    pictures = list(
        tmp_path.glob("wandb/offline-run-*/files/media/plotly/**/*.plotly.json")
    )
    assert len(pictures) == 5
    kinds = {json.loads(path.read_text())["data"][0]["type"] for path in pictures}
    assert kinds == {"scatter", "surface", "heatmap"}
    tables = list(
        tmp_path.glob("wandb/offline-run-*/files/media/table/**/*.table.json")
    )
    assert len(tables) == 3


def test_agreement_of_this_run_with_the_measurement() -> None:
    scores = {2: MEASURED, 4: MEASURED}
    own = replace(measurement(), folder=Path("own"))
    runs = [own, analysis("index", scores=scores), analysis("m", scores={2: MEASURED})]
    tracker = Listener()
    log_agreement(tracker, runs, Path("own"))
    assert tracker.figures.keys() == {
        "sensitivity/against_measured/index",
        "sensitivity/against_measured/m",
    }
    columns, rows = tracker.tables["sensitivity/agreement"]
    assert columns[:2] == ["metric", "bits"]
    assert [row[:4] for row in rows] == [
        ["index", 2, 4, 1.0],
        ["index", 4, 4, -1.0],
        ["m", 2, 4, 1.0],
    ]
    stranger = Listener()
    log_agreement(stranger, runs, Path("another"))
    assert not stranger.figures
    assert not stranger.tables


def with_files(folder: Path, plan: str | None = None) -> RunRecord:
    """The record of a run whose plan and packed model are below `folder`."""
    for stage, name in (("allocate", "plan.json"), ("export", "model.safetensors")):
        (folder / stage).mkdir()
        (folder / stage / name).write_bytes(f"the {name}".encode())
    stages = {name: {"folder": str(folder / name)} for name in ("allocate", "export")}
    metrics = {"test/accuracy": 0.5, "quant/compression": None}
    return RunRecord("x", config={"plan": plan}, stages=stages, metrics=metrics)


def test_artifacts_are_sent_only_when_asked_for(tmp_path: Path) -> None:
    record, tracker = with_files(tmp_path), Listener()
    log_artifacts(tracker, record, [])
    assert not tracker.artifacts
    log_artifacts(tracker, record, ["plan", "packed"])
    kind, path, metadata = tracker.artifacts["x-plan"]
    digest = hashlib.sha256(b"the plan.json").hexdigest()
    assert (kind, path) == ("plan", tmp_path / "allocate" / "plan.json")
    assert metadata == {"bytes": 13, "sha256": digest, "bits": {}}
    kind, path, metadata = tracker.artifacts["x-packed"]
    digest = hashlib.sha256(b"the model.safetensors").hexdigest()
    assert (kind, path) == ("packed", tmp_path / "export")
    assert metadata == {"bytes": 21, "sha256": digest, "test/accuracy": 0.5}


def test_users_own_plan_is_the_artifact_and_missing_files_are_passed_over(
    tmp_path: Path,
) -> None:
    own = tmp_path / "mine.json"
    own.write_text("{}")
    tracker = Listener()
    log_artifacts(tracker, with_files(tmp_path, str(own)), ["plan"])
    assert tracker.artifacts["x-plan"][1] == own
    nothing = RunRecord("y", config={"plan": None})
    log_artifacts(tracker, nothing, ["plan", "packed"])
    assert tracker.artifacts.keys() == {"x-plan"}
