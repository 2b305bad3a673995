from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.pipeline.composition import Command, check_command
from qbert_lightning.sweeps.command import command_digest


def digest(*overrides: str, verb: str = "run") -> str:
    command = Command(verb, overrides, multirun=True)
    master = check_command(command)
    assert master is not None
    return command_digest(command, master)


def test_equal_commands_ask_for_the_same_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = digest("seed=0,1", "quant.groups=4")
    assert digest("quant.groups=4", "seed=0,1") == first
    incidental = (
        "hydra.launcher.slots=2",
        "paths.output_dir=x",
        "logger.wandb.mode=auto",
    )
    assert digest("seed=0,1", "quant.groups=4", *incidental) == first
    others = {
        digest("seed=0,1", "quant.groups=1"),
        digest("seed=0,1,2", "quant.groups=4"),
        digest("seed=0,1", "quant.groups=4", verb="quantize"),
    }
    assert first not in others
    assert len(others) == 3
