"""A folder keeps its W&B run id, and no two open runs ever share one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qbert_lightning.tracking.wandb_identity import (
    FILE_NAME,
    RunIdentity,
    is_held,
    stored_id,
)

HOLD = """
import sys
from pathlib import Path
from qbert_lightning.tracking.wandb_identity import RunIdentity
identity = RunIdentity(Path(sys.argv[1]))
print(identity.id, flush=True)
sys.stdin.read()
"""


def test_same_folder_has_the_same_id_again(tmp_path: Path) -> None:
    with RunIdentity(tmp_path / "0") as first:
        assert is_held(tmp_path / "0")
    assert not is_held(tmp_path / "0")
    with RunIdentity(tmp_path / "0") as again, RunIdentity(tmp_path / "1") as other:
        assert again.id == first.id == stored_id(tmp_path / "0")
        assert other.id != first.id


def test_folder_in_use_gives_another_id_and_keeps_its_own(tmp_path: Path) -> None:
    with RunIdentity(tmp_path) as first, RunIdentity(tmp_path) as second:
        assert second.id != first.id
    assert stored_id(tmp_path) == first.id
    second.release()


def test_new_id_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    with RunIdentity(tmp_path) as identity:
        first = identity.id
        identity.renew()
        assert identity.id != first
        assert is_held(tmp_path)
    assert stored_id(tmp_path) == identity.id


def test_killed_process_gives_up_its_hold(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        held = process.stdout.readline().strip()
        assert is_held(tmp_path)
        process.kill()
        process.wait()
    assert not is_held(tmp_path)
    with RunIdentity(tmp_path) as resumed:
        assert resumed.id == held


@pytest.mark.parametrize(
    "text", ["", '{"id": "ab', "[]", '{"id": "../x"}', '{"id": 3}']
)
def test_file_cut_short_is_written_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert stored_id(tmp_path) is None
    with RunIdentity(tmp_path) as identity:
        pass
    assert json.loads((tmp_path / FILE_NAME).read_text()) == {"id": identity.id}


def test_folder_without_a_file_is_held_by_nobody(tmp_path: Path) -> None:
    assert stored_id(tmp_path) is None
    assert not is_held(tmp_path)
