from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.known_sensitivity import block_weights, known_table
from qbert_lightning.plan import SensitivityTable
from tests.report.run_folders import record

TABLE = SensitivityTable("m", {"layer.0": 2.0}, {"layer.0": {2: 1.0}}, {}, "q")
CONFIG: dict[str, Any] = {
    "task": {"name": "sst2"},
    "model": {"num_hidden_layers": 1},
    "blocks": "layers",
}


def write(folder: Path, **changes: object) -> None:
    folder.mkdir(parents=True)
    values = record(config=CONFIG, sensitivity=TABLE.to_dict()) | changes
    (folder / "run.json").write_text(json.dumps(values))


def config(tmp_path: Path) -> dict[str, Any]:
    return {**CONFIG, "paths": {"output_dir": str(tmp_path)}}


def test_the_newest_table_of_the_same_task_and_model_is_taken(tmp_path: Path) -> None:
    assert known_table(None, config(tmp_path)) is None
    write(tmp_path / "old", started="2025-01-01T00:00:00+00:00")
    write(tmp_path / "new", started="2026-01-01T00:00:00+00:00")
    others = {"model": {"num_hidden_layers": 2}, "blocks": "matrices",
              "task": {"name": "cola"}}  # fmt: skip
    for name, value in others.items():
        newer = {"started": "2027-01-01T00:00:00+00:00"}
        write(tmp_path / name, config={**CONFIG, name: value}, **newer)
    write(tmp_path / "failed", status="failed", started="2027-01-01T00:00:00+00:00")
    write(tmp_path / "none", sensitivity=None, started="2027-01-01T00:00:00+00:00")
    found = known_table(None, config(tmp_path))
    assert found == (TABLE, tmp_path / "new")


def test_a_table_may_be_given_as_either_file(tmp_path: Path) -> None:
    (tmp_path / "sensitivity.json").write_text(TABLE.to_json())
    write(tmp_path / "run")
    for path in (tmp_path / "sensitivity.json", tmp_path / "run" / "run.json"):
        assert known_table(str(path), config(tmp_path)) == (TABLE, path)


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "null", '{"metric": "m", "importance": {}}',
             '{"metric":"m","importance":{"a":{"$nonfinite":"nan"}},"scores":{},'
             '"samples":{},"quantity":"q"}'],
)  # fmt: skip
def test_a_file_without_a_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(QbertError, match="sensitivity_table=") as caught:
        known_table(str(path), config(tmp_path))
    assert caught.value.code == 4


def test_blocks_weigh_what_their_matrices_hold() -> None:
    model = {
        "hidden_size": 8,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "max_position_embeddings": 4,
    }
    block = "bert.encoder.layer.1"
    assert block_weights([block, "x"], model) == {block: 4 * 64 + 2 * 128, "x": 1}
