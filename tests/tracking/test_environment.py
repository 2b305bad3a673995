"""What a run was made with is told truly, and nothing secret with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from qbert_lightning.tracking.environment import environment, git_state
from qbert_lightning.tracking.json_values import from_text, to_text


def git(folder: Path, *arguments: str) -> str:
    """Run git as an independent witness."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_commit_and_dirtiness_of_a_checkout(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    file = tmp_path / "file"
    file.write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "one")
    head = git(tmp_path, "rev-parse", "HEAD").strip()
    assert git_state(tmp_path) == {"git_commit": head, "git_dirty": False}
    file.write_text("two")
    assert git_state(tmp_path) == {"git_commit": head, "git_dirty": True}


def test_no_checkout_or_no_git_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = {"git_commit": None, "git_dirty": None}
    assert git_state(tmp_path) == nothing
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) == nothing
    monkeypatch.setenv("PATH", "")
    assert git_state() == nothing


def test_versions_and_hardware() -> None:
    found = environment()
    assert found["packages"]["torch"] == torch.__version__
    assert found["python"] == sys.version.split()[0]
    hardware = found["hardware"]
    assert 1 <= hardware["cores"] <= (os.cpu_count() or 1)
    assert hardware["threads"] == torch.get_num_threads()
    assert hardware["memory_gib"] > 0
    assert len(hardware["gpus"]) == torch.cuda.device_count()
    assert hardware["cpu"]


def test_secrets_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_API_KEY", "HF_TOKEN"):
        monkeypatch.setenv(name, "s3cr3t-value")
    text = to_text(environment())
    assert "s3cr3t" not in text
    assert from_text(text)["hardware"]


def test_records_are_read_without_the_heavy_libraries() -> None:
    code = (
        "import sys; from qbert_lightning.tracking import RunRecord, WandbSettings; "
        "heavy = {'torch', 'pytorch_lightning', 'wandb', 'transformers'}; "
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
