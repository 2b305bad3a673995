"""One job of a sweep, before it has a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict

from qbert_lightning.pipeline.validation import resolved
from qbert_lightning.tracking.retries import read_retries

GPU_ACCELERATORS = ("gpu", "cuda")


@dataclass
class Job:
    """A job as it would run now.

    Attributes:
        number: Its number in the sweep.
        asked: Its overrides.
        retried: Overrides that lack of memory made necessary, which come after.
        folder: Where it runs.
        composed: Its configuration, with the `hydra` node.
    """

    number: int
    asked: list[str]
    retried: list[str]
    folder: Path
    composed: DictConfig

    @property
    def overrides(self) -> list[str]:
        """All overrides."""
        return [*self.asked, *self.retried]

    @property
    def config(self) -> DictConfig:
        """The configuration without the `hydra` node."""
        keys = [key for key in self.composed if key != "hydra"]
        return OmegaConf.masked_copy(self.composed, keys)

    def plain(self) -> dict[str, Any]:
        """The resolved configuration."""
        return resolved(self.config)


def compose_job(
    context: HydraContext, config: DictConfig, number: int, overrides: Sequence[str]
) -> Job:
    """Compose a job of a sweep, with what earlier attempts in its folder teach.

    Args:
        context: Hydra's.
        config: The sweep's own configuration.
        number: The job's number.
        overrides: The job's overrides.
    """
    composed = _compose(context, config, number, list(overrides))
    folder = Path(composed.hydra.sweep.dir) / str(composed.hydra.sweep.subdir)
    retries = read_retries(folder)
    retried = retries[-1]["overrides"] if retries else []
    if retried:
        composed = _compose(context, config, number, [*overrides, *retried])
    return Job(number, list(overrides), list(retried), folder, composed)


def _compose(
    context: HydraContext, config: DictConfig, number: int, overrides: list[str]
) -> DictConfig:
    composed: DictConfig = context.config_loader.load_sweep_config(config, overrides)
    with open_dict(composed):
        composed.hydra.job.id = number
        composed.hydra.job.num = number
    return composed


def gpus_of(config: Mapping[str, Any]) -> int:
    """GPUs that a job's trainer asks for by number; 0 if it computes on the CPU.

    A trainer that takes all GPUs (``devices=-1`` or ``auto``) counts as one: it takes
    all that it is shown.
    """
    trainer = config["trainer"]
    if trainer.get("accelerator") not in GPU_ACCELERATORS:
        return 0
    devices = trainer.get("devices", 1)
    return devices if isinstance(devices, int) and devices > 0 else 1


def runs_in_one_process(config: Mapping[str, Any]) -> bool:
    """Whether a job computes on the CPU, on one device."""
    trainer = config["trainer"]
    on_cpu = trainer.get("accelerator") == "cpu"
    return on_cpu and trainer.get("devices", 1) == 1 and not trainer.get("num_nodes")
