from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.tracking.folder_lock import hold_folder, is_held

HOLDER = """
import sys, time
from pathlib import Path
from qbert_lightning.tracking.folder_lock import hold_folder
with hold_folder(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    assert not is_held(folder)
    with hold_folder(folder):
        assert is_held(folder)
        with pytest.raises(QbertError, match="another process"), hold_folder(folder):
            pass
    assert not is_held(folder)


def test_a_killed_process_leaves_nothing_behind(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert is_held(tmp_path)
    holder.kill()
    holder.communicate()
    assert not is_held(tmp_path)


def test_patience_outlasts_a_process_that_ends(tmp_path: Path) -> None:
    ready = threading.Event()

    def hold_briefly() -> None:
        with hold_folder(tmp_path):
            ready.set()
            time.sleep(0.3)

    thread = threading.Thread(target=hold_briefly)
    thread.start()
    ready.wait()
    with hold_folder(tmp_path, patience=30):
        assert is_held(tmp_path)
    thread.join()
