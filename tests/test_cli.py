from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig

from qbert_lightning import __version__, cli
from qbert_lightning.cli import VERBS, run_command
from qbert_lightning.errors import QbertError
from qbert_lightning.tracking import RunRecord

# Commands that must be refused, and what the one line has to name.
BAD: list[tuple[str, str]] = [
    # verbs and options
    ("rnu", "nearest run"),
    ("frobnicate", "accepted run, finetune"),
    ("run --frobnicate", "--frobnicate"),
    ("run --config-name=report", "--config-name"),
    ("run --experimental-rerun=config.pickle", "--experimental-rerun"),
    ("run --config-dir=/no/such", "--config-dir=/no/such"),
    # how an override is written
    ("run seed", "accepted key=value"),
    ("run seed=[1", "seed=[1"),
    ("run +seeds=1", "+seeds"),
    ("run ++seed=1", "++seed"),
    ("run +finetune.optimizer.lrr=1", "+finetune.optimizer.lrr"),
    # unknown keys and choices
    ("run seeds=1", "nearest seed"),
    ("run modle=bert_tiny", "nearest model"),
    ("run quant.weight_bitz=3", "nearest quant.weight_bits"),
    ("run finetune.optimizer.lrr=1", "nearest finetune.optimizer.lr"),
    ("run model=bert_bse", "nearest bert_base"),
    ("run task=sst3", "nearest sst2"),
    ("run hydra/launcher=jobl", "hydra/launcher=jobl"),
    ("run optimizer=adamw", "optimizer=adamw"),
    ("run quant=null", "quant=null"),
    ("run task=3", "task=3"),
    ("run scheduler=constant", "nearest scheduler@finetune.scheduler"),
    ("run optimzer@finetune.optimizer=adamw", "nearest optimizer@finetune.optimizer"),
    ("run atgs=[a]", "nearest tags"),
    ("run method=q8bert quant.dely=3", "nearest quant.delay"),
    ("run method=dynamic quant.groups=8", "no such key with method=dynamic"),
    ("run hydra/launcher=basic hydra.launcher.slots=2", "with hydra/launcher=basic"),
    # types and ranges
    ("run seed=abc", "seed=abc: accepted 0..4294967295 (int)"),
    ("run seed=1e400", "seed=inf"),
    ("run seed=1,2", "accepted with -m"),
    (
        "run method=qbert quant.weight_bits=1",
        "quant.weight_bits=1: accepted 2..8 (int)",
    ),
    (
        "run method=qbert quant.weight_bits=9",
        "quant.weight_bits=9: accepted 2..8 (int)",
    ),
    ("run quant.embedding_bits=16", "quant.embedding_bits=16: accepted 2..8"),
    ("run quantize.max_steps=ten", "quantize.max_steps=ten"),
    ("run finetune.select=first", "accepted last | best"),
    ("run finetune.optimizer.lr=", "finetune.optimizer.lr=: accepted more than 0"),
    ("run finetune.optimizer.lr=0", "finetune.optimizer.lr=0"),
    ("run finetune.optimizer.lr=nan", "finetune.optimizer.lr=nan: accepted a finite"),
    ("run finetune.scheduler.warmup_fraction=2", "warmup_fraction=2: accepted 0..1"),
    ("run model.hidden_size=wide", "model.hidden_size=wide"),
    ("run task.data.batch_size=0", "task.data.batch_size=0"),
    ("run logger.wandb.mode=sometimes", "logger.wandb.mode=sometimes: accepted auto"),
    ("run logger.wandb.artifacts=[model]", "accepted list of plan | packed"),
    ("run seed='4'", "seed='4': accepted 0..4294967295 (int)"),
    (f"run seed={'1' * 5000}", "accepted numbers of up to 1000 digits"),
    ("run analysis=3", "analysis=3: accepted mapping"),
    ("run logger.wandb=3", "logger.wandb=3: accepted null | mapping"),
    ("run +callbacks.mine=3", "callbacks.mine=3: accepted null | mapping"),
    ("run +quant.rules.mine=3", "quant.rules.mine=3: accepted null | mapping"),
    ("run sensitivity.max_products=0", "max_products=0: accepted at least 1 (int)"),
    ("run tags=abc", "tags=abc: accepted list"),
    # what must fit together
    ("run quant.groups=12", "query rows=128: nearest accepted 8 or 16"),
    ("run quant.weight_bits=4", "accepted with allocator=uniform"),
    ("run method=directq quant.groups=8", "quant.groups=8: no rule"),
    ("run allocator.average_bits=7", "allocator.average_bits=7: accepted 2..3"),
    ("run allocator.average_bits=null", "exactly one"),
    ("run allocator.candidate_bits=[1,2]", "allocator.candidate_bits=[1, 2]"),
    ("run model.num_attention_heads=5", "nearest 4 or 8"),
    ("run model.max_position_embeddings=8", "model.max_position_embeddings=8"),
    ("run task=squad_v1 model=bert_base task.data.doc_stride=384", "doc_stride=384"),
    ("analyze blocks=layer", "blocks=layer: matches nothing: accepted layers"),
    ("analyze blocks=*.layer.1*", "lies within bert.encoder.layer.1"),
    ("analyze analysis.max_examples=4", "analysis.max_examples=4"),
    ("analyze analysis.fraction=0", "analysis.fraction=0: accepted"),
    ("analyze sensitivity.solver=qr", "sensitivity.solver=qr: accepted lanczos"),
    ("analyze sensitivity=trace", "nearest hessian_trace"),
    ("analyze sensitivity=index sensitivity.num_subsets=3", "num_subsets"),
    # folders and files
    ("run model=local", "model.name_or_path: a value is required"),
    ("run model=local model.name_or_path=/no/such", "name_or_path=/no/such"),
    ("run plan=/no/such.json", "plan=/no/such.json: no such file"),
    ("evaluate artifact=/no/such", "artifact=/no/such"),
    ("report /no/such", "inputs=/no/such: no such folder"),
    ("report . pge=x", "nearest page"),
    ("report . interval_s=0", "interval_s"),
    ("run --live", "--live"),
    # benchmarks
    ("bench", "bench: accepted one of deployment"),
    ("bench hesian", "bench hesian: accepted one of deployment"),
    ("bench hessian hessian", "accepted one of deployment"),
    ("bench hessian ~bench.rounds", "~bench.rounds: accepted only below"),
    ("bench hessian bench.top_k=0", "bench.top_k=0: accepted at least 1"),
    ("bench hessian bench.round=1", "nearest bench.rounds"),
    ("bench hessian model=bert_bse", "nearest bert_base"),
    ("run bench=hessian", "bench"),
    # what would build or leak something
    ("run model._target_=os.system", "model._target_=os.system"),
    ("run +callbacks.x._target_=builtins.eval", "callbacks.x._target_=builtins.eval"),
    ("run +trainer.max_epoch=1", "trainer.max_epoch=1: Trainer takes no such argument"),
    ("run hydra.launcher._target_=os.system", "hydra.launcher._target_=os.system"),
    ("run +hydra.callbacks.x._target_=os.system", "hydra.callbacks.x._target_"),
    ("run +hydra.job.env_set.LD_PRELOAD=x", "hydra.job.env_set.LD_PRELOAD"),
    ("run hydra.searchpath=[file:///tmp]", "--config-dir"),
    ("run name=${oc.env:SECRET_KEY}", "SECRET_KEY"),
    # sweeps: any choice of any of them
    ("run -m seed=1,2,x", "seed=x"),
    ("run -m method=qbert quant.weight_bits=2,3,9", "quant.weight_bits=9"),
    ("run -m method=qbert,qbrt", "nearest qbert"),
    ("run sweep=bits_by_groups quant.groups=1,3", "quant.groups=3"),
    ("analyze -m sensitivity=hessian_eigenvalue,nothing", "sensitivity=nothing"),
    (
        "analyze -m sensitivity=hessian_eigenvalue,random sensitivity.max_products=5",
        "sensitivity.max_products=5: no such key with sensitivity=random",
    ),
]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QBERT_DEBUG", raising=False)


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize(("command", "named"), BAD, ids=[bad[0] for bad in BAD])
def test_bad_input_is_refused_in_one_line(
    command: str, named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_command(command.split())
    error = capsys.readouterr().err
    assert code == 2, error
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert len(error) <= 301
    assert named in error
    assert list(tmp_path.iterdir()) == []


PROCESS = "from qbert_lightning.cli import main; main()"
HEAVY = "torch", "pytorch_lightning", "transformers", "datasets", "wandb", "numpy"


def qbert(*arguments: str, code: str = PROCESS, **options: Any) -> Any:  # noqa: ANN401
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])},
        **options,
    )


@pytest.mark.parametrize("command", [bad[0] for bad in BAD[::10]])
def test_bad_input_is_refused_by_the_process(command: str, tmp_path: Path) -> None:
    done = qbert(*command.split())
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["run", "--cfg", "job"], ["run", "seed=abc"]],
)
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from qbert_lightning.cli import run_command\n"
        "run_command(sys.argv[1:])\n"
        f"heavy = set({HEAVY}) & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = qbert(*arguments, code=code)
    assert done.returncode == 0, done.stderr


def test_argument_that_is_no_text_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, "run", b"name=\xff"],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])},
    )
    assert done.returncode == 2
    assert b"UTF-8" in done.stderr


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"], ["-h"]):
        assert run_command(arguments) == 0
        printed = capsys.readouterr().out
        assert all(f"  {verb} " in printed for verb in [*VERBS, "plan"])


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert capsys.readouterr().out == f"qbert {__version__}\n"


@pytest.mark.parametrize("verb", ["run", "allocate", "report"])
def test_a_verb_shows_its_help_and_configuration(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("outputs").mkdir()
    assert run_command([verb, "--help"]) == 0
    assert "quant: " in capsys.readouterr().out
    assert run_command([verb, "--cfg", "job"]) == 0
    printed = capsys.readouterr().out
    assert "title:" in printed if verb == "report" else "weight_bits:" in printed
    assert [path.name for path in tmp_path.rglob("*")] == ["outputs"]


def test_shown_configuration_has_the_overrides(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["run", "method=qbert", "--cfg", "job", "quant.weight_bits=5"]
    assert run_command([*arguments, "--resolve"]) == 0
    assert "num_bits: 5" in capsys.readouterr().out


# What follows runs jobs, with the stages replaced.

Stages = Callable[..., Any]
HERE = ["hydra/launcher=basic"]  # in this process, where the stages are replaced


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> Callable[[Stages], None]:
    """Puts a function in the place of the stages."""

    def install(run_stages: Stages) -> None:
        module = types.ModuleType("qbert_lightning.pipeline.run")
        module.run_stages = run_stages  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)

    return install


def runs(tmp_path: Path) -> list[Path]:
    return sorted(path.parent.parent for path in tmp_path.rglob(".hydra/config.yaml"))


@pytest.mark.parametrize("verb", ["run", "finetune"])
def test_verb_runs_the_stages_up_to_its_own(
    verb: str, stages: Callable[[Stages], None], tmp_path: Path
) -> None:
    calls: list[tuple[int, str]] = []
    stages(lambda config, until: calls.append((config.seed, until)))
    assert run_command([verb, "seed=3"]) == 0
    assert calls == [(3, verb)]
    (folder,) = runs(tmp_path)
    assert folder.parent == tmp_path / "outputs" / "runs"


def test_job_sees_the_command_line_as_typed(
    stages: Callable[[Stages], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lightning starts the other ranks of a distributed run with it."""
    seen: list[list[str]] = []
    stages(lambda config, until: seen.append(list(sys.argv)))
    monkeypatch.setattr(sys, "argv", ["qbert", "run", "seed=3"])
    assert run_command(sys.argv[1:]) == 0
    assert seen == [["qbert", "run", "seed=3"]]
    assert sys.argv == ["qbert", "run", "seed=3"]


def test_runs_of_the_same_second_have_folders_of_their_own(
    stages: Callable[[Stages], None], tmp_path: Path
) -> None:
    stages(lambda config, until: None)
    for _ in range(2):
        assert run_command(["run"]) == 0
    assert len(runs(tmp_path)) == 2


def test_sweep_runs_every_combination_in_one_folder(
    stages: Callable[[Stages], None], tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    stages(lambda config, until: seen.append((config.seed, config.quant.groups)))
    assert run_command(["run", "-m", *HERE, "seed=1,2", "quant.groups=1,4"]) == 0
    assert seen == [(1, 1), (1, 4), (2, 1), (2, 4)]
    (sweep,) = (tmp_path / "outputs" / "sweeps").iterdir()
    assert sorted(folder.name for folder in runs(tmp_path)) == ["0", "1", "2", "3"]
    assert {folder.parent for folder in runs(tmp_path)} == {sweep}


def fails_for_seed_2(ending: BaseException) -> Stages:
    def run_stages(config: Any, until: str) -> None:  # noqa: ANN401
        if config.seed == 2:
            raise ending

    return run_stages


@pytest.mark.parametrize(
    ("ending", "code", "named"),
    [
        (QbertError("train.tsv: no column label", code=4), 4, "no column label"),
        (QbertError("hub: offline", code=3), 3, "hub: offline"),
        (RuntimeError("a b\nc"), 1, "RuntimeError: a b c"),
        (SystemExit(2), 1, "exit code 2"),
        (SystemExit(0), 1, "exit code 0"),
        (OSError(28, "No space left on device"), 3, "No space left"),
    ],
)
def test_failed_run_ends_with_its_line_and_code(
    ending: BaseException,
    code: int,
    named: str,
    stages: Callable[[Stages], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stages(fails_for_seed_2(ending))
    assert run_command(["run", "seed=2"]) == code
    printed = capsys.readouterr().err
    assert printed.splitlines()[-1].startswith("error: ")
    assert named in printed.splitlines()[-1]
    assert "Traceback" not in printed
    (folder,) = runs(tmp_path)
    assert "Traceback" in (folder / "error.txt").read_text()


def test_failed_jobs_do_not_end_the_sweep(
    stages: Callable[[Stages], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endings = {1: SystemExit(0), 2: QbertError("bad rows", code=4)}

    def run_stages(config: Any, until: str) -> None:  # noqa: ANN401
        if config.seed in endings:
            raise endings[config.seed]

    stages(run_stages)
    assert run_command(["run", "-m", *HERE, "seed=1,2,3"]) == 1
    error = capsys.readouterr().err
    assert "failed: job 1: bad rows" in error
    assert error.splitlines()[-1].startswith("error: job 0: ")
    folders = {folder.name: folder for folder in runs(tmp_path)}
    assert set(folders) == {"0", "1", "2"}
    failed = [name for name, path in folders.items() if (path / "error.txt").exists()]
    assert failed == ["0", "1"]


def test_combination_is_checked_by_its_job(
    stages: Callable[[Stages], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each choice alone is good, two together are not: that job alone is refused."""
    done: list[tuple[int, int]] = []
    stages(
        lambda config, until: done.append(
            (config.quant.groups, config.model.intermediate_size)
        )
    )
    sweeps = ["quant.groups=64,128", "model.intermediate_size=512,320"]
    assert run_command(["run", "-m", *HERE, *sweeps]) == 1
    assert "quant.groups=128" in last_line(capsys)
    assert done == [(64, 512), (64, 320), (128, 512)]


def test_traceback_is_printed_when_asked_for(
    stages: Callable[[Stages], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("QBERT_DEBUG", "1")
    stages(fails_for_seed_2(RuntimeError("deep inside")))
    assert run_command(["run", "seed=2"]) == 1
    printed = capsys.readouterr().err
    assert "in run_stages" in printed
    assert printed.splitlines()[-1] == "error: RuntimeError: deep inside"


def test_message_is_printable_and_bounded(
    stages: Callable[[Stages], None], capsys: pytest.CaptureFixture[str]
) -> None:
    stages(fails_for_seed_2(RuntimeError("\x1b[31mred\x07" + "x" * 1000)))
    run_command(["run", "seed=2"])
    line = last_line(capsys)
    assert len(line) == 300
    assert line.isprintable()


SIGNALLED = """
import sys, time, types
from pathlib import Path
module = types.ModuleType("qbert_lightning.pipeline.run")
def run_stages(config, until):
    try:
        Path("began").touch()
        for _ in range(6000):
            time.sleep(0.01)  # a signal just before a single long sleep would wait
    finally:
        Path("closed").touch()
module.run_stages = run_stages
sys.modules[module.__name__] = module
from qbert_lightning.cli import main
main()
"""


@pytest.mark.parametrize(
    ("number", "code", "arguments"),
    [
        (signal.SIGINT, 130, ["run"]),
        (signal.SIGTERM, 143, ["run", "-m", "seed=1,2"]),
    ],
)
def test_signals_end_with_their_code(
    number: signal.Signals, code: int, arguments: list[str], tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SIGNALLED, *arguments],
        stderr=subprocess.PIPE,
        # A shell's background jobs, and so whole test runs, may ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])},
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "began").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, error = process.communicate(timeout=30)
    assert process.returncode == code
    assert b"Traceback" not in error
    assert (tmp_path / "closed").exists()
    assert len(runs(tmp_path)) == 1


@pytest.mark.parametrize(
    ("raised", "code", "begun"),
    [
        (RuntimeError("broken"), 1, 2),
        (KeyboardInterrupt(), 130, 1),
        (SystemExit(143), 143, 1),
    ],
)
def test_resume_goes_on_after_a_failure_but_not_after_a_signal(
    raised: BaseException,
    code: int,
    begun: int,
    stages: Callable[[Stages], None],
    tmp_path: Path,
) -> None:
    for seed in (1, 2):
        record = RunRecord(name="r", kind="run", overrides=[f"seed={seed}"])
        record.write(tmp_path / "left" / str(seed))
    calls: list[Any] = []

    def raise_it(config: DictConfig, until: str) -> None:
        calls.append(config.seed)
        raise raised

    stages(raise_it)
    assert run_command(["resume", "left"]) == code
    assert calls == [1, 2][:begun]


def test_report_takes_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Any] = []
    module = types.ModuleType("qbert_lightning.pipeline.report")
    module.write_report = seen.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for name in ("a", "it's, b"):
        (tmp_path / name).mkdir()
    assert run_command(["report", "a", "it's, b", "title=Mine"]) == 0
    assert list(seen[0].inputs) == ["a", "it's, b"]
    assert seen[0].title == "Mine"
    assert seen[0].live is False
    assert run_command(["report", "a", "--live", "interval_s=2"]) == 0
    assert (seen[1].live, seen[1].interval_s) == (True, 2)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "it's, b"]


def test_plan_gets_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("qbert_lightning.pipeline.show_plan")
    module.show_plan = lambda arguments: len(arguments)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert run_command(["plan", "diff", "a", "b"]) == 3


def complete(line: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COMP_LINE", line)
    return run_command(["-sc", "query=bash"])


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("qbert ", "finetune"),
        ("qbert qu", "quantize"),
        ("qbert run quant.wei", "quant.weight_bits="),
        ("qbert run model=bert_", "model=bert_tiny"),
        ("qbert report tit", "title="),
    ],
)
def test_completion(
    line: str,
    offered: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert complete(line, monkeypatch) == 0
    assert offered in capsys.readouterr().out.split()


def test_completion_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["-sc", "install=bash"]) == 0
    assert "complete -o nospace" in capsys.readouterr().out
