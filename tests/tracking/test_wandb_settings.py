"""Online only where a key is set and the server answers."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from qbert_lightning.errors import USAGE, QbertError
from qbert_lightning.tracking import WandbSettings, wandb_settings
from qbert_lightning.tracking.wandb_settings import give_up_on_server


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setattr(wandb_settings, "_FAILED_SERVERS", set())
    wandb_settings._said_offline.cache_clear()
    yield
    wandb_settings._said_offline.cache_clear()


def answering(monkeypatch: pytest.MonkeyPatch, answer: bool) -> list[str]:
    """Let every server answer, or none; gives the addresses asked."""
    asked: list[str] = []

    def host_answers(address: str, seconds: float) -> bool:
        assert seconds <= 2
        asked.append(address)
        return answer

    monkeypatch.setattr(wandb_settings, "host_answers", host_answers)
    return asked


def closed_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_unknown_mode_is_refused() -> None:
    with pytest.raises(QbertError, match=r"mode=of: accepted auto, online") as caught:
        WandbSettings(mode="of")
    assert caught.value.code == USAGE


def test_unknown_artifact_is_refused() -> None:
    with pytest.raises(QbertError, match=r"artifacts=model: accepted a list of plan"):
        WandbSettings(artifacts=["plan", "model"])


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_said_modes_ask_nobody(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    asked = answering(monkeypatch, True)
    assert WandbSettings(mode=mode).resolve_mode() == mode
    assert asked == []


@pytest.mark.parametrize("mode", ["auto", "online"])
def test_no_key_is_offline_with_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    asked = answering(monkeypatch, True)
    with caplog.at_level(logging.WARNING):
        modes = [WandbSettings(mode=mode).resolve_mode() for _ in range(3)]
    assert modes == ["offline"] * 3
    assert asked == []
    assert len(caplog.messages) == 1
    assert "no API key" in caplog.messages[0]


@pytest.mark.parametrize("source", ["variable", "netrc"])
@pytest.mark.parametrize(("answer", "mode"), [(True, "online"), (False, "offline")])
def test_auto_with_a_key_follows_the_server(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    source: str,
    answer: bool,
    mode: str,
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://wandb.invalid:8080")
    if source == "variable":
        monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    else:
        (tmp_path / "netrc").write_text("machine wandb.invalid login u password k\n")
    asked = answering(monkeypatch, answer)
    assert WandbSettings().resolve_mode() == mode
    assert asked == ["http://wandb.invalid:8080"]


def test_closed_port_is_offline(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    assert WandbSettings().resolve_mode() == "offline"
    assert "did not answer" in caplog.text


def test_online_does_not_ask_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    asked = answering(monkeypatch, False)
    assert WandbSettings(mode="online").resolve_mode() == "online"
    assert asked == []


def test_failed_server_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
    answering(monkeypatch, True)
    assert WandbSettings(mode="online").resolve_mode() == "online"
    give_up_on_server()
    assert WandbSettings(mode="online").resolve_mode() == "offline"
    assert WandbSettings(mode="auto").resolve_mode() == "offline"


def test_auto_follows_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert WandbSettings().resolve_mode() == "disabled"
    assert WandbSettings(mode="offline").resolve_mode() == "offline"
