"""The two trained stages on a tiny model, in this process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import hydra
from omegaconf import OmegaConf
from safetensors.torch import load_file

from qbert_lightning.models import load_float
from qbert_lightning.modules import TaskModule
from qbert_lightning.pipeline.allocate import planned
from qbert_lightning.pipeline.composition import HYDRA_VERSION, config_folder
from qbert_lightning.pipeline.finetune import finetune
from qbert_lightning.pipeline.quantize import quantize
from qbert_lightning.pipeline.stage_cache import MARKER, Stage
from qbert_lightning.pipeline.workbench import Workbench

# Five batches an epoch, with dropout and in a shuffled order.
TINY = [
    "model.num_hidden_layers=1",
    "model.hidden_size=16",
    "model.num_attention_heads=2",
    "model.intermediate_size=24",
    "model.hidden_dropout_prob=0.2",
    "task.data.num_train=40",
    "task.data.num_validation=16",
    "task.data.num_test=8",
    "task.data.batch_size=8",
    "task.data.eval_batch_size=4",
    "finetune.max_epochs=2",
    "quantize.max_epochs=2",
    "method=q8bert",
    "trainer.log_every_n_steps=1",
    "logger.wandb.mode=disabled",
]


@cache
def config_text(overrides: tuple[str, ...]) -> str:
    """The configuration as YAML, composed once: that takes longer than to train."""
    with hydra.initialize_config_dir(str(config_folder()), version_base=HYDRA_VERSION):
        return OmegaConf.to_yaml(hydra.compose("quantize", [*TINY, *overrides]))


def bench(folder: Path, *overrides: str, said: list[str] | None = None) -> Workbench:
    """A workbench whose stages are in `folder`."""
    config = OmegaConf.create(config_text(overrides))
    OmegaConf.update(config, "paths.output_dir", str(folder))
    plain: Any = OmegaConf.to_container(config, resolve=True)
    return Workbench(plain, None, (said if said is not None else []).append)


@contextmanager
def at_call(number: int, method: str, act: Callable[[], None]) -> Iterator[None]:
    """Do something within a call of a method of the task's module.

    Args:
        number: Which call, counted from 1.
        method: ``training_step`` or ``validation_step``.
        act: What to do, before the method does its work.
    """
    original = getattr(TaskModule, method)
    calls = count(1)

    def step(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        if next(calls) == number:
            act()
        return original(*arguments, **named)

    setattr(TaskModule, method, step)
    try:
        yield
    finally:
        setattr(TaskModule, method, original)


def train(folder: Path, *overrides: str, said: list[str] | None = None) -> Stage:
    """The float stage."""
    return finetune(bench(folder, *overrides, said=said))


def train_quantized(
    folder: Path, *overrides: str, said: list[str] | None = None
) -> Stage:
    """The quantized stage, after the float one."""
    work = bench(folder, *overrides, said=said)
    float_stage = finetune(work)
    plan, _ = planned(work, load_float(float_stage.folder)[0])
    return quantize(work, float_stage, plan, None)


def result(stage: Stage) -> tuple[str, str]:
    """What must not depend on interruptions: weights (SHA-256) and logged rows.

    The file's header lists its metadata in an order that changes from file to file.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(load_file(stage.folder / "model.safetensors").items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest(), (stage.folder / "metrics.jsonl").read_text()


def marker(stage: Stage) -> dict[str, Any]:
    """What the stage says about itself."""
    text = (stage.folder / MARKER).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
