from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.benchmarks.startup_commands import StartupCommand
from qbert_lightning.errors import QbertError


def test_time_of_the_process_is_measured(tmp_path: Path) -> None:
    busy = "x = sum(range(2_000_000)); open('here', 'w')"
    found = StartupCommand(("-c", busy)).seconds(tmp_path)
    assert found["cpu_s"] > 0
    assert found["wall_s"] > 0
    assert (tmp_path / "here").exists()


def test_another_exit_code_is_no_measurement(tmp_path: Path) -> None:
    ended = StartupCommand(("-c", "raise SystemExit(3)"), code=2)
    with pytest.raises(QbertError, match="exit code 3: accepted 2"):
        ended.seconds(tmp_path)
    StartupCommand(("-c", "raise SystemExit(3)"), code=3).seconds(tmp_path)
