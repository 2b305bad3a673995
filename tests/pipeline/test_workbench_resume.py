"""A training that is stopped anywhere ends like one that never was, to the bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from qbert_lightning.callbacks import ResumeCheckpoint
from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.checkpoint_io import DurableCheckpointIO
from qbert_lightning.pipeline.stage_cache import Stage
from tests.pipeline.tiny_training import (
    TINY,
    at_call,
    bench,
    marker,
    result,
    train,
    train_quantized,
)

Training = Callable[..., Stage]
NUM_STEPS = 10
MODES: dict[str, tuple[Training, list[str]]] = {
    "float": (train, []),
    "moving averages, every callback": (train_quantized, ["callbacks=all"]),
    "best of several validations an epoch": (
        train,
        ["finetune.select=best", "+trainer.val_check_interval=2"],
    ),
    "two batches a step from workers, limited": (
        train,
        [
            *("+trainer.accumulate_grad_batches=2", "task.data.num_workers=2"),
            *("finetune.max_epochs=3", "finetune.max_steps=7"),
        ],
    ),
}


class CrashError(Exception):
    """What no code of ours expects."""


def crash() -> None:
    raise CrashError


def send(number: int) -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def sigterm_is_not_fatal() -> Iterator[None]:
    """What the command line installs: here it must never be reached."""

    def unexpected(number: int, frame: object) -> None:
        raise AssertionError("SIGTERM came through")

    previous = signal.signal(signal.SIGTERM, unexpected)
    yield
    assert signal.signal(signal.SIGTERM, previous) is unexpected


@pytest.fixture(scope="module")
def float_stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """What every float training here must come to."""
    return train(tmp_path_factory.mktemp("whole"))


def unfinished(folder: Path) -> list[Path]:
    return list(folder.glob("stages/*/*.unfinished/*"))


@pytest.mark.parametrize("mode", MODES)
def test_stopped_after_every_single_step(tmp_path: Path, mode: str) -> None:
    """Each process does one step and crashes in the next; the last one finishes."""
    run, overrides = MODES[mode]
    whole, stopped = run(tmp_path / "whole", *overrides), tmp_path / "stopped"
    if run is train_quantized:
        train(stopped, *overrides)
    batches = 2 if "+trainer.accumulate_grad_batches=2" in overrides else 1
    crashes = 0
    while True:
        try:
            with at_call(1 + batches, "training_step", crash):
                done = run(stopped, "resume.every_n_steps=1", *overrides)
            break
        except CrashError:
            crashes += 1
            assert crashes <= NUM_STEPS
    assert result(done) == result(whole)
    resumed = marker(done)["resumed_at"]
    assert resumed == list(range(1, crashes + 1))
    assert crashes >= 6
    assert marker(done)["differences"] == []
    assert not unfinished(stopped)


@pytest.mark.parametrize(
    ("number", "method", "call", "step"),
    [
        (signal.SIGTERM, "training_step", 1, 1),
        (signal.SIGINT, "training_step", 4, 4),
        (signal.SIGTERM, "validation_step", 2, 5),
        (signal.SIGINT, "validation_step", 6, 10),
    ],
)
def test_signal_writes_a_checkpoint_before_it_ends_the_run(
    tmp_path: Path, float_stage: Stage, number: int, method: str, call: int, step: int
) -> None:
    said: list[str] = []
    with pytest.raises(SystemExit) as ended, at_call(call, method, send(number)):
        train(tmp_path, said=said)
    if number == signal.SIGTERM:
        assert ended.value.code == 143
    else:
        assert isinstance(ended.value.__context__, KeyboardInterrupt)
    done = train(tmp_path, said=said)
    assert result(done) == result(float_stage)
    assert marker(done)["resumed_at"] == [step]
    assert [line.split(":")[0] for line in said[:2]] == [
        f"finetune  stopped at step {step}",
        f"finetune  resumed at step {step}",
    ]


def test_signal_waits_until_gradients_are_used(tmp_path: Path) -> None:
    """They are not in a checkpoint while they are still added up."""
    added = ["+trainer.accumulate_grad_batches=2", "finetune.max_epochs=1"]
    whole = train(tmp_path / "whole", *added)
    stopped = tmp_path / "stopped"
    with (
        pytest.raises(SystemExit),
        at_call(1, "training_step", send(signal.SIGTERM)),
    ):
        train(stopped, *added)
    done = train(stopped, *added)
    assert marker(done)["resumed_at"] == [1]
    assert result(done) == result(whole)


def test_second_signal_ends_at_once(tmp_path: Path) -> None:
    def twice() -> None:
        send(signal.SIGINT)()
        send(signal.SIGINT)()

    with pytest.raises(SystemExit) as ended, at_call(3, "training_step", twice):
        train(tmp_path)
    assert isinstance(ended.value.__context__, KeyboardInterrupt)
    assert not unfinished(tmp_path)


def test_signal_in_the_last_validation_of_all_steps_ends_at_once(
    tmp_path: Path,
) -> None:
    """Lightning cannot go on there, so the last checkpoint is an earlier one."""
    limited = "finetune.max_steps=5"
    whole = train(tmp_path / "whole", limited)
    stopped = tmp_path / "stopped"
    with (
        pytest.raises(SystemExit),
        at_call(2, "validation_step", send(signal.SIGTERM)),
    ):
        train(stopped, limited, "resume.every_n_steps=2")
    done = train(stopped, limited)
    assert result(done) == result(whole)
    assert marker(done)["resumed_at"] == [4]


def test_signal_when_all_is_trained_lets_the_stage_complete(
    tmp_path: Path, float_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ResumeCheckpoint.on_train_end

    def end(self: ResumeCheckpoint, *arguments: object) -> None:
        send(signal.SIGTERM)()
        original(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(ResumeCheckpoint, "on_train_end", end)
        with pytest.raises(SystemExit) as ended:
            train(tmp_path)
    assert ended.value.code == 143
    done = train(tmp_path)
    assert done.reused
    assert result(done) == result(float_stage)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _replace(path: Path) -> None:
    torch.save({"state_dict": {}}, path)


@pytest.mark.parametrize(
    "spoil", [_cut, _flip, _replace, lambda path: path.write_bytes(b"")]
)
def test_spoilt_checkpoint_starts_the_stage_over(
    tmp_path: Path, float_stage: Stage, spoil: Callable[[Path], None]
) -> None:
    with pytest.raises(CrashError), at_call(8, "training_step", crash):
        train(tmp_path, "resume.every_n_steps=1")
    [checkpoint] = unfinished(tmp_path)
    spoil(checkpoint)
    said: list[str] = []
    done = train(tmp_path, said=said)
    assert any("this stage starts over" in line for line in said)
    assert result(done) == result(float_stage)
    assert "resumed_at" not in marker(done)


def test_checkpoint_of_another_network_is_removed_and_told(
    tmp_path: Path, float_stage: Stage
) -> None:
    with pytest.raises(CrashError), at_call(3, "training_step", crash):
        train(tmp_path, "resume.every_n_steps=1")
    [path] = unfinished(tmp_path)
    files = DurableCheckpointIO()
    state = files.load_checkpoint(path)
    state["state_dict"]["model.new"] = torch.zeros(1)
    files.save_checkpoint(state, path)
    with pytest.raises(QbertError, match="does not fit") as refused:
        train(tmp_path)
    assert refused.value.code == 4
    assert result(train(tmp_path)) == result(float_stage)


def test_other_threads_are_told_and_written_down(tmp_path: Path) -> None:
    with pytest.raises(CrashError), at_call(4, "training_step", crash):
        train(tmp_path, "resume.every_n_steps=1")
    threads = torch.get_num_threads()
    said: list[str] = []
    torch.set_num_threads(threads + 1)
    try:
        done = train(tmp_path, said=said)
    finally:
        torch.set_num_threads(threads)
    expected = f"threads {threads + 1} instead of {threads}"
    assert any(f"not to the bit: {expected}" in line for line in said)
    assert marker(done)["differences"] == [expected]


def test_without_interruption_no_checkpoint_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short runs pay nothing; and how often is no part of a result."""

    def write(*_: object) -> None:
        pytest.fail("wrote a checkpoint")

    monkeypatch.setattr("pytorch_lightning.Trainer.save_checkpoint", write)
    done = train(tmp_path)
    assert "resumed_at" not in marker(done)
    assert train(tmp_path, "resume.every_n_steps=1").reused


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("+trainer.accumulate_grad_batches=1", {}),
        ("+trainer.accumulate_grad_batches=2", {"accumulate_grad_batches": 2}),
        ("trainer.devices=1", {}),
        ("trainer.devices=4", {"devices": 4}),
    ],
)
def test_what_changes_the_examples_of_a_step_is_in_the_key(
    override: str, expected: dict[str, int], tmp_path: Path
) -> None:
    plain = bench(tmp_path).trainer_key()
    assert bench(tmp_path, override).trainer_key() == {**plain, **expected}


def test_trains_outside_of_the_main_thread(tmp_path: Path, float_stage: Stage) -> None:
    """Signals belong to the main thread; training does not need them."""
    stages: list[Stage] = []
    thread = threading.Thread(target=lambda: stages.append(train(tmp_path)))
    thread.start()
    thread.join()
    assert result(stages[0]) == result(float_stage)


# The command line, which sends itself a signal within a step of its training.
SIGNALLED = """
import os, signal, sys
import torch
from qbert_lightning.modules import TaskModule

number, call, threads = map(int, sys.argv[1:4])
del sys.argv[1:4]
torch.set_num_threads(threads)
original, calls = TaskModule.training_step, []

def step(*arguments):
    calls.append(1)
    if len(calls) == call:
        os.kill(os.getpid(), number)
    return original(*arguments)

TaskModule.training_step = step
from qbert_lightning.cli import main
main()
"""


@pytest.mark.slow
def test_processes_killed_terminated_and_interrupted(
    tmp_path: Path, float_stage: Stage
) -> None:
    """One after another, each going on from the one before."""
    command = [
        *("finetune", *TINY, "resume.every_n_steps=1"),
        f"paths.output_dir={tmp_path}",
    ]
    endings = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
    threads = str(torch.get_num_threads())
    for number, code in endings.items():
        arguments = [str(int(number)), "3", threads, *command]
        ended = subprocess.run(
            [sys.executable, "-c", SIGNALLED, *arguments],
            capture_output=True,
            text=True,
            check=False,
            # A shell's background jobs, and so whole test runs, may ignore interrupts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert ended.returncode == code, ended.stderr
        assert "Traceback" not in ended.stderr
    done = train(tmp_path)
    assert marker(done)["resumed_at"] == [2, 5, 8]
    assert result(done) == result(float_stage)
    assert not list(tmp_path.glob("stages/**/*.making-*"))
    assert not unfinished(tmp_path)
