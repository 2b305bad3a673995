"""The two trained stages on a tiny model, in this process."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import hydra
from omegaconf import OmegaConf

from qbert_lightning.models import load_float
from qbert_lightning.pipeline.allocate import planned
from qbert_lightning.pipeline.composition import HYDRA_VERSION, config_folder
from qbert_lightning.pipeline.finetune import finetune
from qbert_lightning.pipeline.quantize import quantize
from qbert_lightning.pipeline.stage_cache import MARKER, Stage
from qbert_lightning.pipeline.workbench import Workbench

# Five batches an epoch; dropout and shuffling are on, as they are by default.
TINY = [
    "model.num_hidden_layers=1",
    "model.hidden_size=16",
    "model.num_attention_heads=2",
    "model.intermediate_size=24",
    "task.data.num_train=40",
    "task.data.num_validation=16",
    "task.data.num_test=8",
    "task.data.batch_size=8",
    "task.data.eval_batch_size=4",
    "finetune.max_epochs=2",
    "quantize.max_epochs=2",
    "method=qbert",
    "quant.groups=4",
    "trainer.log_every_n_steps=1",
    "logger.wandb.mode=disabled",
]


def bench(folder: Path, *overrides: str, said: list[str] | None = None) -> Workbench:
    """A workbench whose stages are in `folder`."""
    with hydra.initialize_config_dir(str(config_folder()), version_base=HYDRA_VERSION):
        config = hydra.compose("quantize", [*TINY, *overrides])
    OmegaConf.update(config, "paths.output_dir", str(folder), force_add=True)
    plain: Any = OmegaConf.to_container(config, resolve=True)
    return Workbench(plain, None, (said if said is not None else []).append)


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
    """What must not depend on interruptions: weights (SHA-256) and logged rows."""
    weights = (stage.folder / "model.safetensors").read_bytes()
    rows = (stage.folder / "metrics.jsonl").read_text()
    return hashlib.sha256(weights).hexdigest(), rows


def marker(stage: Stage) -> dict[str, Any]:
    """What the stage says about itself."""
    text = (stage.folder / MARKER).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
