"""The command line: ``qbert <verb>``.

Only the standard library is imported until the verb is known, and nothing heavy until
the configuration has been checked.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from qbert_lightning import __version__
from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.override_text import quoted

if TYPE_CHECKING:
    from qbert_lightning.pipeline.composition import Command

VERBS = {
    "run": "the whole loop, from fine-tuning to the comparison page",
    "finetune": "train the float model",
    "analyze": "measure how much each layer minds quantization (Hessian)",
    "allocate": "give each layer its bits within a budget",
    "quantize": "quantize the model and train it further if the method does",
    "evaluate": "score the quantized model or a packed artifact",
    "export": "pack the quantized model at its true bits",
    "report": "one page comparing the runs below folders: report [FOLDER ...] [--live]",
    "bench": "measure ours beside other libraries: bench NAME",
}
# Verbs that take paths and no configuration: module and function.
TOOLS = {
    "predict": "predict.command:predict",
    "plan": "pipeline.show_plan:show_plan",
    "status": "sweeps.status:show_status",
    "resume": "cli:resume",
    "sync": "pipeline.sync:sync",
    "workspace": "pipeline.workspace:workspace",
}
HELP = f"""qbert {__version__}: quantize BERT and compare what it costs

usage: qbert <verb> [key=value ...] [options]

{{verbs}}
  predict    text in; labels, entities or answers out: predict FOLDER [TEXT ...]
  plan       print or compare plans: plan show FILE | plan diff FILE FILE
  status     what became of runs and sweeps: status [FOLDER ...]
  resume     go on with what is not finished: resume FOLDER [...]
  sync       upload finished offline runs to W&B, each once: sync FOLDER ...
  workspace  make the W&B report that compares a project's runs: workspace --help

options of a verb:
  --help               its configuration groups and values
  --cfg job            print the configuration and stop (--resolve: filled in)
  -m                   sweep over comma-separated values (multirun)
  --dry-run            the jobs, their sizes and times; nothing is started or created
  --config-dir FOLDER  your own configuration groups, beside the built-in ones
  --version            print the version

examples:
  qbert run
  qbert run task=sst2 model=minilm_l6 method=qbert quant.weight_bits=4
  qbert run -m method=qbert quant.weight_bits=2,3,4,8 quant.groups=1,16,128
  eval "$(qbert -sc install=bash)"     completes verbs, groups and keys

QBERT_DEBUG=1 shows tracebacks; error.txt in the run's folder always has them.
"""
TERMINATED = 143
INTERRUPTED = 130
MAX_MESSAGE = 300


def main() -> NoReturn:
    """Run the command line of this process and exit with its code."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run_command(sys.argv[1:]))


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    """End through the `finally` clauses, so that records and trackers are closed."""
    raise SystemExit(TERMINATED)


def run_command(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: What follows ``qbert``.

    Returns:
        Exit code: 0 done, 1 a run failed, 2 usage or configuration, 3 environment,
        4 data or artifact, 130 interrupted, 143 terminated. For 1 to 4 the last line
        of standard error says why.
    """
    try:
        return _dispatch(list(arguments))
    except QbertError as error:
        return _fail(str(error), error.code)
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else FAILED
    except Exception as error:  # the one place where a fault of ours becomes a line
        from qbert_lightning.pipeline.job import ending_of

        ending = ending_of(error)
        return _fail(str(ending), getattr(ending, "code", FAILED))


def _fail(message: str, code: int) -> int:
    """Write the one line, printable and bounded, that ends standard error."""
    if os.environ.get("QBERT_DEBUG") == "1":
        traceback.print_exc()
    line = "".join(c if c.isprintable() else " " for c in f"error: {message}")
    if len(line) > MAX_MESSAGE:
        line = f"{line[: MAX_MESSAGE - 3]}..."
    text = f"{line}\n".encode(sys.stderr.encoding or "utf-8", "backslashreplace")
    sys.stderr.write(text.decode(sys.stderr.encoding or "utf-8"))
    sys.stderr.flush()
    return code


def _dispatch(arguments: list[str]) -> int:
    verb = arguments[0] if arguments else "--help"
    if verb in ("--help", "-h", "help"):
        lines = (f"  {name:<10} {text}" for name, text in VERBS.items())
        sys.stdout.write(HELP.format(verbs="\n".join(lines)))
        return 0
    if verb == "--version":
        sys.stdout.write(f"qbert {__version__}\n")
        return 0
    if verb in ("-sc", "--shell-completion"):
        return _complete(arguments)
    if verb in TOOLS:
        module, _, name = TOOLS[verb].partition(":")
        tool = getattr(import_module(f"qbert_lightning.{module}"), name)
        return int(tool(arguments[1:]))
    if verb not in VERBS:
        near = get_close_matches(verb, [*VERBS, *TOOLS], 1)
        raise QbertError(
            f"{verb}: no such verb"
            + (f": nearest {near[0]}" if near else "")
            + f": accepted {', '.join([*VERBS, *TOOLS])}"
        )
    return _run_application(verb, arguments[1:])


def resume(arguments: Sequence[str]) -> int:
    """Go on with every unfinished run and sweep below some folders.

    Returns:
        The highest exit code of their commands; after one that was interrupted or
        terminated, no other is begun.
    """
    from qbert_lightning.sweeps.resume import commands_to_resume

    commands = commands_to_resume(arguments)
    if not commands:
        sys.stdout.write("everything is finished: nothing to resume\n")
    highest = 0
    for command in commands:
        highest = max(highest, run_command(command))
        if highest >= INTERRUPTED:
            break
    return highest


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise QbertError(
            f"{self.prog}: {message}: accepted key=value, or options of qbert --help"
        )


def _parse(verb: str, arguments: Sequence[str]) -> argparse.Namespace:
    """Read Hydra's options, without those that load other primary files or pickles.

    Raises:
        QbertError: For an unknown option.
    """
    parser = _Parser(f"qbert {verb}", add_help=False, allow_abbrev=False)
    for option in ("--hydra-help", "--resolve"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--run", "-r", action="store_true")
    parser.add_argument("--multirun", "-m", action="store_true")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--shell-completion", "-sc", action="store_true")
    parser.add_argument("--cfg", "-c", choices=("job", "hydra", "all"))
    parser.add_argument("--package", "-p")
    parser.add_argument("--config-dir", "-cd", type=Path)
    parser.add_argument("--info", "-i", nargs="?", const="all")
    if verb == "report":
        parser.add_argument("--live", action="store_true")
    parser.add_argument("overrides", nargs="*")
    return parser.parse_intermixed_args(arguments)


def _hydra_arguments(options: argparse.Namespace) -> list[str]:
    """The options as Hydra's own parser wants them: flags first, overrides together."""
    arguments = []
    for name, value in vars(options).items():
        flag = f"--{name.replace('_', '-')}"
        if name == "overrides" or value in (None, False):
            continue
        arguments += [flag] if value is True else [f"{flag}={value}"]
    return [*arguments, *options.overrides]


def _run_application(verb: str, arguments: Sequence[str]) -> int:
    """Check the whole command, then hand it to Hydra."""
    options = _parse(verb, arguments)
    if verb == "bench":
        options.overrides = _with_benchmark(options)
    if verb == "report":
        folders = [one for one in options.overrides if "=" not in one]
        options.overrides = [one for one in options.overrides if "=" in one]
        if folders:
            options.overrides.append(f"inputs=[{','.join(map(quoted, folders))}]")
        if options.live:
            options.overrides.append("live=true")
        del options.live  # Hydra knows no such flag
    from qbert_lightning.pipeline.composition import Command, check_command

    only_tells = options.help or options.hydra_help or options.info
    sweep = None
    if not (only_tells or options.shell_completion):
        command = Command(verb, options.overrides, options.config_dir, options.multirun)
        if options.dry_run:
            return _show_jobs(command)
        sweep = check_command(command)
    if sweep is None or options.cfg:
        _call_hydra(verb, _hydra_arguments(options))
        return 0
    from qbert_lightning.sweeps.command import run_sweep

    arguments = _hydra_arguments(options)
    return run_sweep(command, sweep, lambda one: _call_hydra(verb, [*arguments, one]))


def _show_jobs(command: Command) -> int:
    """The table of a command's jobs.

    Raises:
        QbertError: For a verb without the stages of a run.
    """
    if command.verb in ("bench", "report"):
        raise QbertError(f"{command.verb} --dry-run: accepted with other verbs")
    from qbert_lightning.pipeline.dry_run import dry_run

    dry_run(command)
    return 0


def _with_benchmark(options: argparse.Namespace) -> list[str]:
    """The overrides, with the benchmark's name as the choice it stands for.

    Raises:
        QbertError: Unless exactly one benchmark is named.
    """
    from qbert_lightning.pipeline.composition import config_folder

    accepted = sorted(path.stem for path in (config_folder() / "bench").glob("*.yaml"))
    rest = [one for one in options.overrides if "=" in one or one.startswith("~")]
    names = [one for one in options.overrides if one not in rest]
    if not names and (options.help or options.shell_completion):
        return rest
    if len(names) != 1 or names[0] not in accepted:
        typed = " ".join(["bench", *names])
        raise QbertError(f"{typed}: accepted one of {', '.join(accepted)}")
    return [f"bench={names[0]}", *rest]


def _call_hydra(verb: str, arguments: Sequence[str]) -> None:
    """Run Hydra's application, with its errors raised instead of printed."""
    import hydra

    from qbert_lightning.pipeline.composition import HYDRA_VERSION, config_folder
    from qbert_lightning.pipeline.job import raised_later

    application = hydra.main(
        config_path=str(config_folder()), config_name=verb, version_base=HYDRA_VERSION
    )
    typed, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = [typed[0], *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        with raised_later() as run_job:
            application(run_job)()
    finally:
        sys.argv = typed
        os.environ.pop("HYDRA_FULL_ERROR")
        if full_error is not None:
            os.environ["HYDRA_FULL_ERROR"] = full_error


def _complete(arguments: Sequence[str]) -> int:
    """Shell completion: verbs first, then Hydra's for the verb on the line.

    Hydra's shell script passes the line in an environment variable.
    """
    words = os.environ.get("COMP_LINE", "").split(" ")
    if arguments[1:2] == ["query=bash"] and len(words) <= 2:
        sys.stdout.write(" ".join([*VERBS, *TOOLS]) + "\n")
        return 0
    verb = words[1] if len(words) > 1 and words[1] in VERBS else "run"
    os.environ["COMP_LINE"] = " ".join([words[0], *words[2:]])
    _call_hydra(verb, arguments)
    return 0
