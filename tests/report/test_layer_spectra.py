"""Reading `spectra.json`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.report import Run, collect_runs
from qbert_lightning.report.layer_spectra import (
    Landscape,
    LayerSpectrum,
    parse_spectra,
    spectra_files,
)
from qbert_lightning.tracking import decode
from tests.report.run_folders import record, write_run
from tests.report.spectra_folders import layer, spectra, write_spectra


def runs_with(root: Path, *contents: dict[str, Any]) -> list[Run]:
    for i, content in enumerate(contents):
        write_spectra(write_run(root / str(i), record(name=str(i))), content)
    return collect_runs([root])


def test_a_shared_file_is_listed_once_and_the_most_used_first(tmp_path: Path) -> None:
    one, other = spectra(["l.0"]), spectra(["l.0"], seed=7)
    files = spectra_files(runs_with(tmp_path, one, other, other))
    assert [[run.name for run in file.runs] for file in files] == [["1", "2"], ["0"]]


def test_layers_are_read_in_order_with_their_landscapes(tmp_path: Path) -> None:
    (file,) = spectra_files(runs_with(tmp_path, spectra(["l.10", "l.9"], [0])))
    assert list(file.layers) == ["l.9", "l.10"]
    assert file.num_examples == 64
    assert file.layers["l.9"].landscape is None
    found = file.layers["l.10"].landscape
    assert found is not None
    assert found.loss[0][0] == math.inf
    assert len(found.axis) == len(found.loss) == 21


def test_curvature_is_the_size_of_the_first_eigenvalue() -> None:
    data = layer(2.0, False, 0)
    known = LayerSpectrum.from_dict(data)
    assert known.curvature == abs(data["eigenvalues"][0])
    assert LayerSpectrum.from_dict({}).curvature == 0.0


def test_a_run_without_the_file_has_none(tmp_path: Path) -> None:
    write_run(tmp_path / "a", record())
    assert spectra_files(collect_runs([tmp_path])) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"version": 2}, "expected an object of version 1"),
        ({"version": 1, "blocks": {"a": 1}}, "a: expected an object, got int"),
        ({"version": 1, "blocks": {"a": {"eigenvalues": 1}}}, "expected a list"),
        ({"version": 1, "blocks": {"a": {"trace": [1]}}}, "TypeError"),
        (
            {"version": 1, "blocks": {"a": {"density": {"nodes": [1]}}}},
            "density.weights: expected 1 numbers",
        ),
        (
            {"version": 1, "blocks": {"a": {"landscape": {"axis": [1], "loss": [[]]}}}},
            "landscape.loss: expected 1 rows",
        ),
    ],
)
def test_a_broken_file_is_listed_with_the_reason(
    tmp_path: Path, content: dict[str, Any], reason: str
) -> None:
    (file,) = spectra_files(runs_with(tmp_path, content))
    assert reason in str(file.error)
    assert not file.layers


@pytest.mark.parametrize(
    ("size", "most", "left"), [(21, 21, 21), (21, 11, 11), (101, 25, 21)]
)
def test_thinning_keeps_the_middle(size: int, most: int, left: int) -> None:
    axis = tuple(float(i - size // 2) for i in range(size))
    thinned = Landscape(axis, (axis,) * size, ()).thinned(most)
    assert len(thinned.axis) == len(thinned.loss) == len(thinned.loss[0]) == left
    assert 0.0 in thinned.axis


def test_content_is_read_from_an_object_too() -> None:
    content = decode(spectra(["l.0"], [0]))
    assert parse_spectra(content).layers.keys() == {"l.0"}
