"""Models may go in any order: no signal ends the process afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qbert_lightning.functional.integer_product import cpu_is_exact
from qbert_lightning.runtimes import OpenVino
from tests.runtimes.tiny_models import deployed, quantized

pytest.importorskip("openvino", reason="needs the extra `export` (openvino)")
pytestmark = pytest.mark.skipif(
    not cpu_is_exact(), reason="8-bit products saturate on this processor (no VNNI)"
)

# The handler runs on the stack that was set aside for signals, if there is one.
SCRIPT = """
import faulthandler, gc, os, signal, sys
from pathlib import Path
from qbert_lightning.runtimes import OpenVino

faulthandler.enable()
signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
first, second = (OpenVino().load(Path(sys.argv[1])) for _ in range(2))
del first
gc.collect()
del second
gc.collect()
os.kill(os.getpid(), signal.SIGUSR1)
"""


def test_the_first_of_two_models_may_go_first(tmp_path: Path) -> None:
    deployed(OpenVino(), *quantized("labels", "float_plan"), tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "deployed")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, "handled\n"), ended.stderr[-2000:]
