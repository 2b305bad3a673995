"""Sweeps whose jobs end in every way there is."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from qbert_lightning.tracking import RunRecord
from tests.sweeps.processes import log, records, run, start, sweep_folder

DEADLY = ("raise", "exit", "panic", "kill", "abort", "memory", "hang")
IDLE = "hydra.launcher.idle_minutes=0.1"


# The process that starts jobs gets a signal when the first one has been forked.
SIGNALLED_DURING_A_START = """
import os, signal
from qbert_lightning.sweeps import job_process
from tests.sweeps import stand_in
lead_group = job_process._lead_group
def lead_group_and_signal(pid):
    lead_group(pid)
    if pid:
        os.kill(os.getpid(), signal.NUMBER)
job_process._lead_group = lead_group_and_signal
stand_in.main()
"""


def tags(*ways: str) -> str:
    return "tags=" + ",".join(f"[{way}]" for way in ways)


def test_no_way_of_dying_takes_the_others_along(tmp_path: Path) -> None:
    ways = ["well", *DEADLY, "slow"]
    sweep = ["run", "-m", tags(*ways), IDLE, "hydra.launcher.slots=2"]
    output, error = run(tmp_path, *sweep, code=1)
    ended = records(tmp_path)
    assert [record.status for record in ended.values()] == [
        "finished",
        *["failed"] * len(DEADLY),
        "finished",
    ]
    reasons = [ended[str(number)].error or "" for number in range(1, 8)]
    expected = [
        "RuntimeError: broken",
        "SystemExit: 0",
        "PanicException: stride",
        "killed by SIGKILL",
        "killed by SIGABRT",
        "MemoryError: 4 GiB",
        "did nothing for hydra.launcher.idle_minutes=0.1",
    ]
    for reason, words in zip(reasons, expected, strict=True):
        assert words in reason
    for number in range(1, 8):
        assert (sweep_folder(tmp_path) / str(number) / "error.txt").read_text().strip()
    assert "9 jobs: 2 finished, 7 failed" in output
    last = error.splitlines()[-1]
    assert last.startswith("error: 7 of 9 jobs did not finish: the first is job 1: ")
    assert "qbert resume" in last


def test_only_what_is_not_finished_runs_again(tmp_path: Path) -> None:
    command = ["run", "-m", tags("well", "raise"), "seed=0,1"]
    run(tmp_path, *command, code=1)
    run(tmp_path, *command, code=1)
    begun = [(way, seed) for event, way, seed, *_ in log(tmp_path) if event == "begin"]
    assert sorted(begun) == [
        *[("raise", "0")] * 2,
        *[("raise", "1")] * 2,
        ("well", "0"),
        ("well", "1"),
    ]
    assert len(records(tmp_path)) == 4  # in the same folder
    run(tmp_path, "resume", "outputs", code=1)
    assert len(log(tmp_path)) == 2 * 2 + 2 + 2 + 2


def test_a_sweep_with_other_jobs_has_a_folder_of_its_own(tmp_path: Path) -> None:
    run(tmp_path, "run", "-m", tags("well"), "seed=0,1")
    run(tmp_path, "run", "-m", tags("well"), "seed=0,1,2")
    sweeps = list((tmp_path / "outputs" / "sweeps").iterdir())
    assert len(sweeps) == 2
    taken = f"hydra.sweep.dir={sweeps[0]}"
    _, error = run(tmp_path, "run", "-m", tags("well"), "seed=7,8", taken, code=2)
    assert "holds another sweep" in error


def test_the_same_sweep_started_at_once_shares_no_folder(tmp_path: Path) -> None:
    command = ["run", "-m", tags("slow"), "seed=0,1"]
    processes = [start(tmp_path, *command) for _ in range(4)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    sweeps = list((tmp_path / "outputs" / "sweeps").iterdir())
    done = [path for sweep in sweeps for path in sweep.glob("*/run.json")]
    assert len(done) == 2 * len(sweeps)
    begun = [row for row in log(tmp_path) if row[0] == "begin"]
    assert len(begun) == len(done)


def test_jobs_wait_for_a_slot(tmp_path: Path) -> None:
    command = ["run", "-m", tags("slow"), "seed=0,1,2,3", "hydra.launcher.slots=2"]
    run(tmp_path, *command, "hydra.launcher.threads=3")
    rows = log(tmp_path)
    assert {row[3] for row in rows if row[0] == "begin"} == {"3"}
    moments = sorted((float(row[-1]), row[0]) for row in rows)
    at_once = most = 0
    for _, event in moments:
        at_once += 1 if event == "begin" else -1
        most = max(most, at_once)
    assert most == 2


def test_one_after_another_without_slots(tmp_path: Path) -> None:
    run(tmp_path, "run", "-m", tags("slow"), "seed=0,1")
    events = [row[0] for row in log(tmp_path)]
    assert events == ["begin", "end"] * 2


def test_stop_after_the_first_failure(tmp_path: Path) -> None:
    command = ["run", "-m", tags("raise"), "seed=0,1,2", "hydra.launcher.on_error=stop"]
    output, _ = run(tmp_path, *command, code=1)
    assert set(records(tmp_path)) == {"0"}
    assert "3 jobs: 1 failed, 2 not started" in output


def test_out_of_memory_is_tried_again_in_smaller_batches(tmp_path: Path) -> None:
    command = ["run", "-m", tags("batch"), "task.data.batch_size=32", "seed=0,1"]
    run(tmp_path, *command)
    for record in records(tmp_path).values():
        assert record.status == "finished"
        assert record.config["task"]["data"]["batch_size"] == 8
        assert record.config["trainer"]["accumulate_grad_batches"] == 4
        first, second = record.retries
        assert "MemoryError" in first
        assert "task.data.batch_size=16" in first
        assert "task.data.batch_size=8" in second
    run(tmp_path, *command)  # finished with other values than asked for, but finished
    assert len([row for row in log(tmp_path) if row[0] == "end"]) == 2


def test_out_of_memory_is_not_tried_forever(tmp_path: Path) -> None:
    run(
        tmp_path,
        *("run", "-m", tags("memory"), "seed=0", "task.data.batch_size=32"),
        "hydra.launcher.memory_retries=1",
        code=1,
    )
    assert len(log(tmp_path)) == 2


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_signals_end_all_jobs(number: int, code: int, tmp_path: Path) -> None:
    command = ["run", "-m", tags("hang"), "seed=0,1,2", "hydra.launcher.slots=2"]
    process = start(tmp_path, *command)
    wait_for_jobs(tmp_path, process, 2)
    process.send_signal(number)
    output, error = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in error
    assert "qbert resume" in output
    assert {record.status for record in records(tmp_path).values()} == {"failed"}
    assert not living(process.pid)
    output, _ = run(tmp_path, "status", code=1)
    assert "3 jobs: 2 failed, 1 not started" in output


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_signal_during_a_start_ends_that_job_too(
    name: str, code: int, tmp_path: Path
) -> None:
    program = ["-c", SIGNALLED_DURING_A_START.replace("NUMBER", name)]
    command = ["run", "-m", tags("hang"), "seed=0,1"]
    process = start(tmp_path, *command, program=program)
    try:
        output, error = process.communicate(timeout=60)
    finally:
        for left in living(process.pid):
            os.kill(left, signal.SIGKILL)
    assert process.returncode == code
    assert "Traceback" not in error
    assert "qbert resume" in output
    assert len(log(tmp_path)) <= 1


def test_killed_sweep_takes_its_jobs_along(tmp_path: Path) -> None:
    command = ["run", "-m", tags("hang"), "seed=0,1", "hydra.launcher.slots=2"]
    process = start(tmp_path, *command)
    wait_for_jobs(tmp_path, process, 2)
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 30
    while living(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    output, _ = run(tmp_path, "status", code=1)
    assert "2 jobs: 2 stopped" in output


def test_kills_at_random_moments_lose_nothing(tmp_path: Path) -> None:
    """Until the sweep is through: no finished job is lost, none runs again."""
    moments = random.Random(0)
    command = ["run", "-m", tags("slow"), "seed=range(4)", "hydra.launcher.slots=2"]
    kills, finished = 0, dict[str, float]()
    known = dict[
        str, int
    ]()  # finished job, which has its seed's number → lines by then
    while True:
        process = start(tmp_path, *command)
        seen = len(log(tmp_path))
        while process.poll() is None and len(log(tmp_path)) < seen + 2:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        if process.poll() is None and kills < 3:
            process.kill()
            kills += 1
        process.communicate()
        for path in tmp_path.glob("outputs/sweeps/*/*/run.json"):
            if RunRecord.read(path.parent).status == "finished":
                changed = path.stat().st_mtime
                assert finished.setdefault(str(path), changed) == changed
                known.setdefault(path.parent.name, len(log(tmp_path)))
        if process.returncode == 0:
            break
    assert kills >= 1
    assert len(finished) == 4
    rows = [(event, seed) for event, _, seed, *_ in log(tmp_path)]
    for seed in map(str, range(4)):
        assert [event for event, each in rows if each == seed][-1] == "end"
        # A job that was killed after its last line, before its record, does run again.
        assert ("begin", seed) not in rows[known[seed] :]


def wait_for_jobs(folder: Path, process: subprocess.Popen[str], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(log(folder)) < count:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)


def living(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found
