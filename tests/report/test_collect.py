"""Finding records below folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.report import collect_runs
from tests.report.run_folders import record, write_run


def test_finds_runs_at_any_depth_and_skips_cached_stages(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "a", record(name="a", fingerprint="1"))
    write_run(tmp_path / "sweeps" / "x" / "3", record(name="b", fingerprint="2"))
    write_run(tmp_path / "stages" / "finetune", record(name="c", fingerprint="3"))
    write_run(tmp_path / "runs" / "d", record(name="d", kind="finetune"))

    assert [run.name for run in collect_runs([tmp_path])] == ["a", "b"]


def test_an_analysis_is_found_and_told_from_a_whole_run(tmp_path: Path) -> None:
    write_run(tmp_path / "a", record(name="a", kind="analyze"))
    write_run(tmp_path / "b", record(name="b"))
    kinds = {run.name: run.kind for run in collect_runs([tmp_path])}
    assert kinds == {"a": "analyze", "b": "run"}


def test_a_folder_given_twice_counts_once(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "a", record())
    assert len(collect_runs([tmp_path, tmp_path / "runs"])) == 1


def test_runs_come_in_the_order_of_their_start(tmp_path: Path) -> None:
    for day in (3, 1, 2):
        started = f"2026-01-0{day}T00:00:00+00:00"
        write_run(tmp_path / str(day), record(name=str(day), started=started))
    assert [run.name for run in collect_runs([tmp_path])] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"version": 1,', "JSON"),
        (b"[]", "expected a JSON object, got list"),
        (b'{"version": NaN}', "NaN"),
        (b"\xff\xfe", "UnicodeDecodeError"),
        (json.dumps(record(version=9)).encode(), "version: expected 1, got 9"),
        (b'{"a": {"$nonfinite": []}}', "TypeError"),
        (b"[" * 100_000, "RecursionError"),
    ],
)
def test_an_unreadable_record_is_listed_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    write_run(tmp_path / "good", record())
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_bytes(content)

    runs = {run.name: run for run in collect_runs([tmp_path])}

    assert runs["bad"].status == "unreadable"
    assert reason in str(runs["bad"].error)
    assert runs["sst2-qbert-w4-g12-s0"].status == "finished"


def test_of_records_of_one_run_the_newest_stays(tmp_path: Path) -> None:
    for day in (1, 3, 2):
        started = f"2026-01-0{day}T00:00:00+00:00"
        run = record(name=str(day), started=started, fingerprint="same")
        write_run(tmp_path / str(day), run)
    (run,) = collect_runs([tmp_path])
    assert (run.name, run.superseded) == ("3", 2)


def test_a_failed_repetition_does_not_hide_a_finished_run(tmp_path: Path) -> None:
    old, new = "2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00"
    write_run(tmp_path / "a", record(name="a", started=old, fingerprint="same"))
    write_run(
        tmp_path / "b",
        record(name="b", started=new, fingerprint="same", status="failed"),
    )
    assert [run.name for run in collect_runs([tmp_path])] == ["a"]


def test_records_without_a_fingerprint_stay_apart(tmp_path: Path) -> None:
    write_run(tmp_path / "a", record(fingerprint=""))
    write_run(tmp_path / "b", record(fingerprint=""))
    assert len(collect_runs([tmp_path])) == 2


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(QbertError, match="no such folder"):
        collect_runs([tmp_path / "nowhere"])
