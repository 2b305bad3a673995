from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from qbert_lightning.reachable import host_answers


@pytest.fixture
def server() -> Iterator[str]:
    class Refuse(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refuse) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_any_answer_counts(server: str) -> None:
    assert host_answers(server)


def test_closed_port_does_not_answer() -> None:
    assert not host_answers("http://127.0.0.1:9")


def test_silence_ends_the_wait() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert not host_answers(address, seconds=0.2)
        assert time.monotonic() - begin < 30
