from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.stage_cache import MARKER, StageCache, key_hash

KEY = {"lr": 2e-5, "task": "sst2", "layers": [1, 2]}

# A process that makes one stage: it logs that it began, then waits for a file named
# `go`, so that a test decides when (and whether) it ends. No test waits on a clock.
MAKER = """
import sys, time
from pathlib import Path
from qbert_lightning.pipeline.stage_cache import StageCache

root, name = Path(sys.argv[1]), sys.argv[2]

def make(folder):
    (folder / "weights").write_text("half")
    (root / f"began-{name}").touch()
    while not (root / "go").exists():
        time.sleep(0.005)
    (folder / "weights").write_text("whole")
    with (root / "made").open("a") as log:
        log.write(name)

stage = StageCache(root).stage("finetune", {"a": 1}, make)
weights = (stage.folder / "weights").read_text()
(root / f"ended-{name}").write_text(f"{stage.reused} {weights}")
"""


def write(text: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / "weights").write_text(text)

    return make


def fail_if_made(folder: Path) -> None:
    pytest.fail("made a stage that was there already")


def start(root: Path, name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", MAKER, str(root), name])


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never appeared"
        time.sleep(0.005)


def test_made_once_then_reused(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    made = cache.stage("finetune", KEY, write("x"))
    again = cache.stage("finetune", dict(reversed(KEY.items())), fail_if_made)

    assert not made.reused
    assert again.reused
    assert again.folder == made.folder == tmp_path / "finetune" / made.key[:12]
    assert (again.folder / "weights").read_text() == "x"
    assert again.seconds == made.seconds
    assert json.loads((made.folder / MARKER).read_text())["key"] == KEY


@pytest.mark.parametrize(
    "other", [{**KEY, "lr": 3e-5}, {**KEY, "new": None}, {"task": "sst2"}]
)
def test_another_key_is_another_stage(tmp_path: Path, other: dict[str, object]) -> None:
    cache = StageCache(tmp_path)
    first = cache.stage("finetune", KEY, write("x"))
    second = cache.stage("finetune", other, write("y"))
    assert first.folder != second.folder
    assert (first.folder / "weights").read_text() == "x"


def test_failure_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)

    def half(folder: Path) -> None:
        (folder / "weights").write_text("half")
        raise QbertError("NaN in the loss", code=1)

    with pytest.raises(QbertError, match="NaN"):
        cache.stage("finetune", KEY, half)
    assert [p.suffix for p in (tmp_path / "finetune").iterdir()] == [".lock"]
    assert not cache.stage("finetune", KEY, write("whole")).reused


def test_folder_without_marker_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "finetune" / key_hash(KEY)[:12]
    folder.mkdir(parents=True)
    (folder / "weights").write_text("torn")
    stage = StageCache(tmp_path).stage("finetune", KEY, write("whole"))
    assert not stage.reused
    assert (folder / "weights").read_text() == "whole"


def test_same_digits_of_another_key_are_refused(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    marker = cache.stage("finetune", KEY, write("x")).folder / MARKER
    marker.write_text(marker.read_text().replace(key_hash(KEY), "0" * 64))
    with pytest.raises(QbertError) as refused:
        cache.stage("finetune", KEY, fail_if_made)
    assert refused.value.code == 4


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Fine", ".", "a\n"])
def test_name_stays_in_the_root(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="accepted lower-case"):
        StageCache(tmp_path).stage(name, KEY, fail_if_made)


def test_key_is_plain_finite_json(tmp_path: Path) -> None:
    for bad in ({"a": float("nan")}, {"a": {1, 2}}):
        with pytest.raises((ValueError, TypeError)):
            StageCache(tmp_path).stage("finetune", bad, fail_if_made)


def test_second_process_waits_and_reuses(tmp_path: Path) -> None:
    first = start(tmp_path, "a")
    wait_for(tmp_path / "began-a")
    others = [start(tmp_path, name) for name in "bc"]
    assert not any((tmp_path / f"began-{name}").exists() for name in "bc")
    (tmp_path / "go").touch()
    for process in (first, *others):
        assert process.wait(30) == 0

    assert (tmp_path / "made").read_text() == "a"
    assert (tmp_path / "ended-a").read_text() == "False whole"
    assert {(tmp_path / f"ended-{n}").read_text() for n in "bc"} == {"True whole"}


def test_killed_maker_is_succeeded_by_the_one_that_waits(tmp_path: Path) -> None:
    victim = start(tmp_path, "a")
    wait_for(tmp_path / "began-a")
    heir = start(tmp_path, "b")
    victim.send_signal(signal.SIGKILL)
    assert victim.wait(30) == -signal.SIGKILL
    wait_for(tmp_path / "began-b")
    (tmp_path / "go").touch()
    assert heir.wait(30) == 0

    assert (tmp_path / "ended-b").read_text() == "False whole"
    names = sorted(path.name for path in (tmp_path / "finetune").iterdir())
    digits = key_hash({"a": 1})[:12]
    assert names == [digits, f"{digits}.lock"]


def test_remains_of_other_stages_go_unless_they_are_being_made(tmp_path: Path) -> None:
    living = start(tmp_path, "a")
    wait_for(tmp_path / "began-a")
    dead = tmp_path / "finetune" / f"{'0' * 12}.making-1"
    dead.mkdir()
    (dead / "weights").touch()
    StageCache(tmp_path).stage("finetune", KEY, write("x"))
    assert not dead.exists()
    (tmp_path / "go").touch()
    assert living.wait(30) == 0
    assert (tmp_path / "ended-a").read_text() == "False whole"


def test_child_that_outlives_the_maker_does_not_hold_the_lock(tmp_path: Path) -> None:
    """A forked loader worker inherits the lock's descriptor."""
    children = []

    def make(folder: Path) -> None:
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)

    cache = StageCache(tmp_path)
    cache.stage("finetune", KEY, make)
    lock = next((tmp_path / "finetune").glob("*.lock"))
    try:
        free = subprocess.run(["flock", "--nonblock", str(lock), "true"], check=False)
        assert free.returncode == 0
    finally:
        os.kill(children[0], signal.SIGKILL)
        os.waitpid(children[0], 0)


def test_a_follower_waits_for_the_maker(tmp_path: Path) -> None:
    cache, joined = StageCache(tmp_path), []
    maker = threading.Timer(
        0.5, cache.stage, ("x", {"a": 1}, lambda folder: (folder / "f").touch())
    )
    maker.start()
    stage = cache.follow("x", {"a": 1}, joined.append)
    maker.join()
    assert (stage.folder / "f").exists()
    assert len(joined) == 1
    assert joined[0] != stage.folder
    assert cache.follow("x", {"a": 1}, joined.append).reused
    assert len(joined) == 1


def test_a_follower_gives_up(tmp_path: Path) -> None:
    with pytest.raises(QbertError, match="not made"):
        StageCache(tmp_path).follow("x", {"a": 1}, None, patience=0.0)


def test_what_a_stage_goes_on_from_outlives_a_failure_and_not_success(
    tmp_path: Path,
) -> None:
    cache = StageCache(tmp_path)
    unfinished = cache.unfinished("finetune", KEY)
    unfinished_other = cache.unfinished("finetune", {"a": 1})

    def half(folder: Path) -> None:
        for kept in (unfinished, unfinished_other):
            kept.mkdir(exist_ok=True)
            (kept / "last.ckpt").write_text("half")
        raise QbertError("stopped", code=1)

    for _ in range(2):
        with pytest.raises(QbertError, match="stopped"):
            cache.stage("finetune", KEY, half)
        assert (unfinished / "last.ckpt").read_text() == "half"
    cache.stage("finetune", KEY, write("whole"))
    assert not unfinished.exists()
    assert (unfinished_other / "last.ckpt").exists()


def test_killed_after_the_last_rename_nothing_is_left_over(tmp_path: Path) -> None:
    cache = StageCache(tmp_path)
    cache.stage("finetune", KEY, write("whole"))
    unfinished = cache.unfinished("finetune", KEY)
    unfinished.mkdir()
    assert cache.stage("finetune", KEY, fail_if_made).reused
    assert not unfinished.exists()


def test_what_the_maker_returns_is_in_the_marker(tmp_path: Path) -> None:
    stage = StageCache(tmp_path).stage("x", KEY, lambda folder: {"resumed_at": [3]})
    assert json.loads((stage.folder / MARKER).read_text())["resumed_at"] == [3]


def test_waiting_for_a_lock_is_asking_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that sleeps in the kernel would look dead to a watchdog."""
    living = start(tmp_path, "a")
    wait_for(tmp_path / "began-a")
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            (tmp_path / "go").touch()
            assert living.wait() == 0  # with a limit, this would nap too

    monkeypatch.setattr("qbert_lightning.pipeline.stage_cache.time.sleep", nap)
    assert StageCache(tmp_path).stage("finetune", {"a": 1}, fail_if_made).reused
    assert len(naps) == 3
