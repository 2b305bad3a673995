from __future__ import annotations

from pathlib import Path

import pytest

from qbert_lightning.benchmarks.asked_process import AskedProcess
from qbert_lightning.errors import QbertError


def test_a_process_that_is_gone_names_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    with (
        AskedProcess("json.no_such_module", [], 1, log) as process,
        pytest.raises(QbertError, match=rf"ended with code 1, see {log}"),
    ):
        process.ask({"do": "anything"})
    assert "json.no_such_module" in log.read_text()
