"""What is found of a stopped training, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from qbert_lightning.callbacks.resume_checkpoint import NOTE
from qbert_lightning.pipeline.checkpoint_io import DurableCheckpointIO
from qbert_lightning.pipeline.unfinished import Unfinished, fingerprint


def keep(folder: Path, **changes: object) -> Unfinished:
    """A checkpoint of step 30, resumed at step 10 before."""
    left = Unfinished(folder)
    kept = {
        "fingerprint": {**fingerprint("0123456789ab", 1), **changes},
        "step": 30,
        "resumed_at": [10],
        "differences": [],
    }
    DurableCheckpointIO().save_checkpoint({NOTE: kept}, left.path)
    return left


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "0123456789ab.unfinished"


def test_nothing_is_there(folder: Path) -> None:
    history = Unfinished(folder).find(1, pytest.fail)
    assert history.resumed_at == []
    assert history.to_marker() == {}
    assert not folder.exists()


def test_the_history_goes_on(folder: Path) -> None:
    history = keep(folder).find(1, pytest.fail)
    assert history.to_marker() == {"resumed_at": [10, 30], "differences": []}
    assert str(history) == "30"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"threads": 0}, f"threads {torch.get_num_threads()} instead of 0"),
        ({"processes": 4}, "processes 1 instead of 4"),
        ({"torch": "1.0"}, f"torch {torch.__version__} instead of 1.0"),
    ],
)
def test_what_is_different_is_told_and_not_refused(
    folder: Path, changes: dict[str, object], expected: str
) -> None:
    history = keep(folder, **changes).find(1, pytest.fail)
    assert history.differences == [expected]
    assert str(history) == f"30, not to the bit: {expected}"


def test_another_stages_checkpoint_is_not_used(folder: Path) -> None:
    said: list[str] = []
    left = keep(folder, stage="ba9876543210")
    assert left.find(1, said.append).resumed_at == []
    assert len(said) == 1
    assert not left.path.exists()


def test_remains_of_a_killed_writer_are_removed(folder: Path) -> None:
    left = keep(folder)
    (folder / ".last.ckpt.tmp.x1y2").write_bytes(b"half")
    left.find(1, pytest.fail)
    assert list(folder.iterdir()) == [left.path]
