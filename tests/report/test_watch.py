"""Writing the page again while runs go on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qbert_lightning.report.watch import QUIET_LOOKS, watch
from tests.report.run_folders import record, write_run


def rewrite(folder: Path, run: dict[str, Any]) -> None:
    (folder / "run.json").write_text(json.dumps(run), encoding="utf-8")


def shown(page: Path) -> dict[str, Any]:
    (text,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>',
        page.read_text(encoding="utf-8"),
        re.S,
    )
    return json.loads(text)


class Waits:
    """What happens while the watch waits, step by step."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self.steps = list(steps)
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if self.steps:
            self.steps.pop(0)()


def test_follows_a_run_until_it_has_ended(tmp_path: Path) -> None:
    page = tmp_path / "report" / "index.html"
    folder = write_run(tmp_path / "a", record(status="running", metrics={}))
    seen: list[dict[str, Any]] = []
    waits = Waits(
        lambda: seen.append(shown(page)),
        lambda: rewrite(folder, record()),
        lambda: seen.append(shown(page)),
    )

    runs = watch([tmp_path], page, "Runs", 7.0, waits)

    assert [data["live"] for data in seen] == [7.0, 7.0]
    assert seen[0]["counts"]["running"] == 1
    assert seen[1]["counts"]["finished"] == 1
    assert [run.status for run in runs] == ["finished"]
    assert shown(page)["live"] is None
    assert shown(page)["counts"]["finished"] == 1
    assert waits.seconds == [7.0] * (2 + QUIET_LOOKS - 1)


def test_a_pause_between_two_jobs_does_not_end_it(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "a", record())
    waits = Waits(
        lambda: rewrite(folder, record(status="running")),
        lambda: None,
        lambda: None,
        lambda: None,
        lambda: rewrite(folder, record(status="failed")),
    )
    (run,) = watch([tmp_path], tmp_path / "page.html", "Runs", 1.0, waits)
    assert run.status == "failed"
    assert waits.steps == []


def test_nothing_is_written_or_read_while_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    folder = write_run(tmp_path / "a", record(status="running"))
    stamps: list[int] = []
    reads: list[Path] = []
    read = Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: (reads.append(path), read(path))[1]
    )
    note = lambda: stamps.append(page.stat().st_mtime_ns)  # noqa: E731
    watch(
        [tmp_path],
        page,
        "Runs",
        1.0,
        Waits(note, note, note, lambda: rewrite(folder, record())),
    )
    assert len(set(stamps)) == 1
    assert reads.count(folder / "run.json") == 2


def test_a_page_that_somebody_else_wrote_is_written_again(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    folder = write_run(tmp_path / "a", record(status="running"))
    lives: list[float | None] = []
    watch(
        [tmp_path],
        page,
        "Runs",
        1.0,
        Waits(
            lambda: page.write_text("another"),
            lambda: lives.append(shown(page)["live"]),
            lambda: rewrite(folder, record()),
        ),
    )
    assert lives == [1.0]


def test_an_interrupt_leaves_a_page_that_rests(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_run(tmp_path / "a", record(status="running"))

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch([tmp_path], page, "Runs", 1.0, Waits(interrupt))
    assert shown(page)["live"] is None
    assert shown(page)["counts"]["running"] == 1
