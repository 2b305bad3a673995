"""What is said of packages that are missing."""

from __future__ import annotations

import pytest
import torch

from qbert_lightning.benchmarks import installed
from qbert_lightning.benchmarks.inference_openvino import OpenVinoInt8
from qbert_lightning.benchmarks.inference_peers import PEERS, UNIT
from qbert_lightning.benchmarks.installed import installed_versions, not_installed


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        installed, "find_spec", lambda name: None if name == "nncf" else name
    )
    assert not_installed(OpenVinoInt8.needs) == "not installed: pip install nncf"
    assert not_installed(PEERS[UNIT].needs) is None


def test_versions_are_those_that_run() -> None:
    found = installed_versions(["torch", "no-such-project"])
    assert found == {"torch": torch.__version__, "no-such-project": None}
