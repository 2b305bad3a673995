"""A W&B server on this machine, as far as uploading a run asks for one.

Answers what `wandb sync` and an online run of wandb 0.31 send: starting a run, rows and
console lines in chunks, the list of files to upload, and the files. Everything else is
an error, as it is from a server that is older than the client.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HISTORY = "wandb-history.jsonl"


class WandbServer(ThreadingHTTPServer):
    """Keeps what is uploaded.

    Attributes:
        runs: Run id -> what it was started with, the last word of each key.
        rows: Run id -> its rows.
        files: Run id and path of each file uploaded -> its bytes.
        starts: Run id of each start, in order.
        exits: Run id -> its exit code.
        artifacts: Name of each artifact; their content is said to be there already.
        refuses_artifacts: Whether every artifact is an error.
        views: What each workspace was saved with.
        break_at: Called with each path; a status code it gives is the answer.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.runs: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, dict[int, dict[str, Any]]] = {}
        self.files: dict[str, bytes] = {}
        self.starts: list[str] = []
        self.exits: dict[str, int] = {}
        self.artifacts: list[str] = []
        self.refuses_artifacts = False
        self.views: list[dict[str, Any]] = []
        self.break_at: Callable[[str], int | None] = lambda path: None

    def answer(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        """The answer to one GraphQL query."""
        if "upsertBucket" in query:
            return {"data": {"upsertBucket": self._start(given)}}
        if "RunResumeStatus" in query:
            return {"data": {"model": self._status(given["name"])}}
        if "createRunFiles" in query:
            prefix = f"{self.address}/put/{given['run']}"
            files = [
                {"name": name, "uploadUrl": f"{prefix}/{name}"}
                for name in given["files"]
            ]
            created = {"runID": "r", "uploadHeaders": [], "files": files}
            return {"data": {"createRunFiles": created}}
        if "createArtifact(" in query and not self.refuses_artifacts:
            self.artifacts.append(given["input"]["artifactCollectionName"])
            made = {"id": "a", "state": "COMMITTED", "artifactSequence": {}}
            return {"data": {"createArtifact": {"artifact": made}}}
        if "upsertView" in query:
            self.views.append(given)
            view = {"id": "v", "name": given["name"]}
            return {"data": {"upsertView": {"view": view, "inserted": True}}}
        if "viewer" in query:
            return {"data": {"viewer": {"id": "u", "entity": "me", "teams": None}}}
        return {"errors": [{"message": "not known here"}]}

    def stream(self, run: str, chunk: dict[str, Any]) -> None:
        """Keep one chunk of rows."""
        lines = chunk.get("files", {}).get(HISTORY, {})
        kept = self.rows.setdefault(run, {})
        for number, line in enumerate(lines.get("content", ()), lines.get("offset", 0)):
            kept[number] = json.loads(line)
        if chunk.get("complete"):
            self.exits[run] = chunk.get("exitcode", 0)

    def _status(self, name: str) -> dict[str, Any]:
        rows = list(self.rows.get(name, {}).values())
        bucket = {
            "id": f"id-{name}",
            "name": name,
            "summaryMetrics": "{}",
            "displayName": self.runs.get(name, {}).get("displayName"),
            "logLineCount": 0,
            "historyLineCount": len(rows),
            "eventsLineCount": 0,
            "historyTail": json.dumps([json.dumps(row) for row in rows[-1:]]),
            "eventsTail": "[]",
            "config": self.runs.get(name, {}).get("config", "{}"),
            "tags": [],
            "notes": None,
            "wandbConfig": "{}",
        }
        known = name in self.runs
        entity = {"id": "e", "name": "me"}
        return {
            "id": "p",
            "name": "p",
            "entity": entity,
            "bucket": bucket if known else None,
        }

    def _start(self, given: dict[str, Any]) -> dict[str, Any]:
        name = given["name"]
        inserted = name not in self.runs
        run = self.runs.setdefault(name, {})
        run.update({key: value for key, value in given.items() if value is not None})
        self.starts.append(name)
        project = {
            "id": "p",
            "name": run.get("project", "none"),
            "entity": {"id": "e", "name": run.get("entity", "me")},
        }
        bucket = {
            "id": f"id-{name}",
            "name": name,
            "displayName": run.get("displayName"),
            "description": None,
            "config": run.get("config"),
            "sweepName": None,
            "historyLineCount": len(self.rows.get(name, ())),
            "project": project,
        }
        return {"bucket": bucket, "inserted": inserted}


@contextmanager
def wandb_server() -> Iterator[WandbServer]:
    """A server for as long as the context lasts."""
    server = WandbServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WandbServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Serve a connection until the client goes."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def do_HEAD(self) -> None:
        """Somebody asks whether there is a server."""
        self._send(200, b"")

    def do_PUT(self) -> None:
        """A file."""
        content = self._body()
        if not self._breaks():
            self.server.files[self.path.removeprefix("/put/")] = content
            self._send(200, b"{}")

    def do_POST(self) -> None:
        """A query, or rows."""
        content = self._body()
        if self._breaks():
            return
        answer: dict[str, Any] = {}
        if self.path == "/graphql":
            asked = json.loads(content)
            answer = self.server.answer(asked["query"], asked.get("variables") or {})
        elif self.path.endswith("/file_stream"):
            self.server.stream(self.path.split("/")[-2], json.loads(content))
        self._send(200, json.dumps(answer).encode())

    def _breaks(self) -> bool:
        status = self.server.break_at(self.path)
        if status is not None:
            self._send(status, b'{"errors": [{"message": "broken"}]}')
        return status is not None

    def _body(self) -> bytes:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            content = b""
            while size := int(self.rfile.readline(), 16):
                content += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        if self.headers.get("Content-Encoding") == "gzip":
            return gzip.decompress(content)
        return content

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
