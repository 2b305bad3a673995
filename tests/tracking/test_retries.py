from __future__ import annotations

from pathlib import Path

from qbert_lightning.tracking.retries import add_retry, read_retries


def test_attempts_are_kept_in_order(tmp_path: Path) -> None:
    assert read_retries(tmp_path) == []
    add_retry(tmp_path, "out of memory", ["task.data.batch_size=16"])
    add_retry(tmp_path, "again", ["task.data.batch_size=8"])
    assert [retry["reason"] for retry in read_retries(tmp_path)] == [
        "out of memory",
        "again",
    ]
    assert read_retries(tmp_path)[1]["overrides"] == ["task.data.batch_size=8"]
