"""What an upload came to is asked of the server, not taken from `wandb sync`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from qbert_lightning.errors import ENVIRONMENT, QbertError
from qbert_lightning.tracking import wandb_upload
from qbert_lightning.tracking.wandb_files import StoredRun, WandbFolder
from qbert_lightning.tracking.wandb_upload import rows_on_server, upload
from tests.wandb_server import WandbServer, wandb_server

HEADER = {"project": "tests", "display_name": "a"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    """A server and a key for it."""
    with wandb_server() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.address)
        monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
        yield server


def offline_run(folder: Path, *rows: int) -> StoredRun:
    """A run of as many folders, with so many rows in each."""
    folders = []
    for number, num_rows in enumerate(rows):
        path = folder / f"offline-run-{number}"
        path.mkdir()
        (path / "run-abc.wandb.synced").touch()
        folders.append(WandbFolder(path, HEADER, num_rows))
    return StoredRun("abc", folders, None)


def uploading(
    monkeypatch: pytest.MonkeyPatch, server: WandbServer, num_rows: int, says: str = ""
) -> list[list[Path]]:
    """Let `wandb sync` add so many rows and say something; gives its calls."""
    calls: list[list[Path]] = []

    def sync(folders: list[Path]) -> tuple[str, str]:
        calls.append(folders)
        server.runs["abc"] = {}
        kept = server.rows.setdefault("abc", {})
        kept.update({len(kept) + number: {} for number in range(num_rows)})
        return says, ""

    monkeypatch.setattr(wandb_upload, "_sync", sync)
    return calls


def test_server_knows_the_rows_of_a_run(server: WandbServer) -> None:
    assert rows_on_server(HEADER, "abc") is None
    server.runs["abc"], server.rows["abc"] = {}, {0: {}, 1: {}}
    assert rows_on_server(HEADER, "abc") == 2


def test_what_was_marked_is_not_sent_again(
    tmp_path: Path, server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = offline_run(tmp_path, 3, 4)
    calls = uploading(monkeypatch, server, 3)
    assert upload(StoredRun("abc", run.folders[:1], None)).state == "uploaded"
    uploading(monkeypatch, server, 4)
    calls = uploading(monkeypatch, server, 4)
    assert upload(run).state == "uploaded"
    assert calls == [[run.folders[1].path]]
    assert upload(run).state == "already there"
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("num_rows", "says", "note"),
    [
        (2, "", "the server has 2 of 3 rows"),
        (0, "no disk", "the server has 0 of 3 rows; no disk"),
        (3, "a file was refused", "a file was refused"),
    ],
)
def test_less_than_all_is_a_failure_without_a_mark(
    tmp_path: Path,
    server: WandbServer,
    monkeypatch: pytest.MonkeyPatch,
    num_rows: int,
    says: str,
    note: str,
) -> None:
    run = offline_run(tmp_path, 3)
    uploading(monkeypatch, server, num_rows, says)
    found = upload(run)
    assert (found.state, found.note) == ("failed", note)
    assert not list(tmp_path.rglob("uploaded.json"))
    assert not list(tmp_path.rglob("*.synced"))


def test_killed_runs_file_is_uploaded_as_far_as_it_goes(
    tmp_path: Path, server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = offline_run(tmp_path, 3)
    says = "the file ends with an incomplete record."
    calls = uploading(monkeypatch, server, 3, says)
    assert upload(run).state == "uploaded"
    assert upload(run).state == "already there"
    assert len(calls) == 1


def test_upload_that_was_cut_off_is_said_to_be_there_twice(
    tmp_path: Path, server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.runs["abc"], server.rows["abc"] = {}, {0: {}}
    uploading(monkeypatch, server, 3)
    found = upload(offline_run(tmp_path, 3))
    assert found.state == "uploaded"
    assert "1 rows may be there twice" in found.note


def test_upload_that_does_not_end_is_ended(
    tmp_path: Path, server: WandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wandb_upload, "SECONDS_PER_RUN", 0.01)
    found = upload(offline_run(tmp_path, 3))
    assert found.state == "failed"
    assert "not uploaded within 0.01 s" in found.note


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refuses the key"), (500, "answers with status 500")]
)
def test_server_that_does_not_help_is_the_environment(
    server: WandbServer, status: int, words: str
) -> None:
    server.break_at = lambda path: status
    with pytest.raises(QbertError, match=words) as caught:
        rows_on_server(HEADER, "abc")
    assert caught.value.code == ENVIRONMENT


def serve(answer: Callable[[BaseHTTPRequestHandler], None]) -> HTTPServer:
    """A server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer(self)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def test_key_goes_to_no_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def keep(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers.get("Authorization"))
        handler.send_response(200)
        handler.end_headers()

    other = serve(keep)

    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", f"http://127.0.0.1:{other.server_port}/")
        handler.end_headers()

    first = serve(redirect)
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{first.server_port}")
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    try:
        with pytest.raises(QbertError, match="status 302"):
            rows_on_server(HEADER, "abc")
    finally:
        for server in (first, other):
            server.shutdown()
            server.server_close()
    assert asked == []
