"""Rows are kept as they were logged, also those of a killed run."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

from qbert_lightning.tracking.metrics_file import FILE_NAME, MetricsFile, read_metrics


def test_no_file_has_no_rows(tmp_path: Path) -> None:
    assert read_metrics(tmp_path) == []


def test_rows_are_readable_at_once_and_appended(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    file = MetricsFile(folder)
    file.append({"step": 1, "train/loss": math.inf})
    assert read_metrics(folder) == [{"step": 1, "train/loss": math.inf}]
    file.close()
    file.close()
    file.append({"step": 2})
    file.close()
    assert [row["step"] for row in read_metrics(folder)] == [1, 2]


def test_killed_process_keeps_its_rows(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; "
        "from qbert_lightning.tracking import MetricsFile; "
        "file = MetricsFile(Path(sys.argv[1])); "
        "[file.append({'step': step}) for step in range(5)]; "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert [row["step"] for row in read_metrics(tmp_path)] == list(range(5))


def test_half_a_last_line_is_dropped(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"step": 1}' + os.linesep + '{"step": 2, "tr')
    assert read_metrics(tmp_path) == [{"step": 1}]


def test_rows_are_replaced_and_appended_to(tmp_path: Path) -> None:
    file = MetricsFile(tmp_path)
    file.append({"step": 1})
    file.append({"step": 2})
    file.replace([{"step": 5}])
    file.append({"step": 6})
    assert [row["step"] for row in read_metrics(tmp_path)] == [5, 6]
    file.replace([])
    assert read_metrics(tmp_path) == []
