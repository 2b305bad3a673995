"""`qbert workspace` knows a sweep's keys; only saving needs a key and a server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from qbert_lightning.errors import ENVIRONMENT, USAGE, QbertError
from qbert_lightning.pipeline.workspace import workspace
from qbert_lightning.reachable import host_answers
from qbert_lightning.tracking import RunRecord
from tests.wandb_server import WandbServer, wandb_server

pytest.importorskip("wandb_workspaces", reason="needs wandb-workspaces (an extra)")


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A sweep over groups."""
    for number, groups in enumerate((1, 128)):
        RunRecord(
            name=f"run-{number}",
            primary_metric="test/f1",
            overrides=[f"quant.groups={groups}", "task=mrpc"],
            sensitivity={"metric": "hessian_trace"},
        ).write(tmp_path / "groups" / str(number))
    return tmp_path / "groups"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    """A server and a key for it."""
    with wandb_server() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.address)
        monkeypatch.setenv("WANDB_API_KEY", "k" * 40)
        host_answers.cache_clear()
        yield server


def test_printing_needs_nobody_and_shows_the_sweeps_keys(
    sweep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    assert workspace([str(sweep), "--print", "--project", "mine"]) == 0
    printed = capsys.readouterr().out
    view = json.loads(printed)
    assert (view["project"], view["displayName"]) == ("mine", "qbert groups")
    assert "config:overrides.value.quant.groups" in printed
    assert "overrides.value.task" not in printed
    assert "summary:test/f1" in printed
    assert "sensitivity/hessian_trace_over_subsets" in printed


def test_saving_sends_the_view_once(
    server: WandbServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert workspace(["--project", "mine", "--name", "ours"]) == 0
    (view,) = server.views
    assert (view["entityName"], view["projectName"]) == ("me", "mine")
    assert view["displayName"] == "ours"
    assert f"{server.address}/me/mine?nw=" in capsys.readouterr().out


def test_server_that_fails_is_one_line(server: WandbServer) -> None:
    server.break_at = lambda path: 401
    with pytest.raises(QbertError, match="W&B") as caught:
        workspace(["--entity", "me"])
    assert caught.value.code == ENVIRONMENT
    assert "\n" not in str(caught.value)


def test_saving_without_a_key_is_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("NETRC", "/no/such")
    with pytest.raises(QbertError, match="no API key") as caught:
        workspace([])
    assert caught.value.code == ENVIRONMENT


@pytest.mark.parametrize("arguments", [["/no/such"], ["--bad"], ["a", "b"]])
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(QbertError) as caught:
        workspace(arguments)
    assert caught.value.code == USAGE
