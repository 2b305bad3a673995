"""A command line whose stages are replaced by jobs that end in every way.

Run as a program: ``python stand_in.py run -m seed=0,1 ...``. What a job does is said by
its tag, `tags=[exit]` and so on. Each job writes a line to ``log.txt`` when it begins
and when it ends well.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any


class PanicException(BaseException):
    """Like the one a native tokenizer raises."""


def _raise(error: BaseException) -> None:
    raise error


def _only_with_small_batches(config: Any) -> None:  # noqa: ANN401
    if config.task.data.batch_size > 8:
        raise MemoryError("4 GiB")


def _sleep(config: Any) -> None:  # noqa: ANN401
    while True:
        time.sleep(1)  # a signal just before a single long sleep would wait for its end


WAYS: dict[str, Callable[[Any], None]] = {
    "well": lambda config: None,
    "raise": lambda config: _raise(RuntimeError("broken")),
    "exit": lambda config: sys.exit(0),
    "panic": lambda config: _raise(PanicException("stride")),
    "kill": lambda config: os.kill(os.getpid(), signal.SIGKILL),
    "abort": lambda config: os.abort(),
    "memory": lambda config: _raise(MemoryError("4 GiB")),
    "hang": _sleep,
    "batch": _only_with_small_batches,
    "slow": lambda config: time.sleep(0.3),
}


def _log(line: str) -> None:
    descriptor = os.open("log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def run_stages(config: Any, until: str) -> None:  # noqa: ANN401
    """What stands in for the stages."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf

    from qbert_lightning.tracking.folder_lock import hold_folder
    from qbert_lightning.tracking.retries import read_retries
    from qbert_lightning.tracking.run_record import RunRecord

    folder = Path(HydraConfig.get().runtime.output_dir)
    plain: Any = OmegaConf.to_container(config, resolve=True)
    way = plain["tags"][0]
    retries = [retry["reason"] for retry in read_retries(folder)]
    record = RunRecord(
        name=f"{way}-s{plain['seed']}",
        kind=until,
        config=plain,
        seed=plain["seed"],
        retries=retries,
    )
    job = f"{way} {plain['seed']}"
    with hold_folder(folder), record.recording(folder):
        _log(f"begin {job} {os.environ.get('OMP_NUM_THREADS')} {time.monotonic()}")
        WAYS[way](config)
        _log(f"end {job} {time.monotonic()}")


def main() -> None:
    """The command line, with nothing heavy imported."""
    module = types.ModuleType("qbert_lightning.pipeline.run")
    module.run_stages = run_stages  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    from qbert_lightning import cli
    from qbert_lightning.sweeps import preload

    preload.MODULES = ()
    cli.main()


if __name__ == "__main__":
    main()
