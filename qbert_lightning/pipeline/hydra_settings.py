"""What the `hydra` node may build and set: its own parts, and no others.

Hydra instantiates its launcher, sweeper, callbacks and log handlers from the
configuration, so a name placed there would run before any check of a job.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, ListConfig
from omegaconf.errors import OmegaConfBaseException

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.overrides import MAX_NESTING
from qbert_lightning.pipeline.schema import LOCAL_LAUNCHER, Launcher, hints_of
from qbert_lightning.pipeline.value_types import accepts, describe, shown

HYDRA_TARGETS = frozenset(
    {
        "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
        "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
        "hydra.experimental.callbacks.LogJobReturnCallback",
        "hydra_plugins.hydra_joblib_launcher.joblib_launcher.JoblibLauncher",
        "hydra_plugins.qbert_search.AblationSweeper",
        "hydra_plugins.qbert_search.OptunaSweeper",
        "hydra_plugins.hydra_ray_launcher.ray_launcher.RayLauncher",
        "hydra_plugins.hydra_submitit_launcher.submitit_launcher.LocalLauncher",
        "hydra_plugins.hydra_submitit_launcher.submitit_launcher.SlurmLauncher",
        LOCAL_LAUNCHER,
    }
)
LOG_CLASSES = frozenset(
    {
        "colorlog.ColoredFormatter",
        "logging.FileHandler",
        "logging.Formatter",
        "logging.NullHandler",
        "logging.StreamHandler",
        "rich.logging.RichHandler",
    }
)
LOG_STREAMS = frozenset({"ext://sys.stdout", "ext://sys.stderr"})
BUILDING_KEYS = frozenset({"_target_", "()", "class", "factory"})
ENVIRONMENT_PREFIXES = (
    "CUBLAS_",
    "CUDA_",
    "HF_",
    "MKL_",
    "NCCL_",
    "OMP_",
    "PYTORCH_",
    "QBERT_",
    "TOKENIZERS_",
    "WANDB_",
)


def check_hydra(hydra: DictConfig) -> None:
    """Refuse names to build, factories and variables that are not listed above.

    Raises:
        QbertError: (code 2) naming the key.
    """
    for key, name, value in _values(hydra, "hydra"):
        if name == "_target_":
            _require(key, value, HYDRA_TARGETS)
        elif name in BUILDING_KEYS:
            _require(key, value, LOG_CLASSES)
        elif isinstance(value, str) and value.startswith(("ext://", "cfg://")):
            _require(key, value, LOG_STREAMS)
        elif name == "custom_search_space" and value is not None:
            raise QbertError(f"{key}={value}: accepted null")
        elif ".env_set." in key and not name.startswith(ENVIRONMENT_PREFIXES):
            accepted = ", ".join(f"{prefix}*" for prefix in ENVIRONMENT_PREFIXES)
            raise QbertError(f"{key}: accepted {accepted}")
    _check_launcher(hydra)


def _check_launcher(hydra: DictConfig) -> None:
    """Check the settings of our own launcher; others check theirs."""
    launcher = hydra.get("launcher") or {}
    if launcher.get("_target_") != LOCAL_LAUNCHER:
        return
    hints = hints_of(Launcher)
    for name, value in launcher.items():
        key = f"hydra.launcher.{name}"
        if name == "_target_":
            continue
        if name not in hints:
            raise QbertError(
                f"{key}={shown(value)}: no such key: accepted {', '.join(hints)}"
            )
        if not accepts(hints[name], value):
            raise QbertError(f"{key}={shown(value)}: accepted {describe(hints[name])}")


def _require(key: str, value: Any, accepted: frozenset[str]) -> None:
    if value not in accepted:
        names = ", ".join(sorted(name.rpartition(".")[2] for name in accepted))
        raise QbertError(f"{key}={shown(value)}: accepted {names}")


def _values(
    node: DictConfig | ListConfig, address: str
) -> Iterator[tuple[str, str, Any]]:
    """Address, last name and value of everything below ``node``, references followed.

    Values that only a running job has (its number, its folder) are passed over.
    """
    names = list(node) if isinstance(node, DictConfig) else range(len(node))
    for name in names:
        key = f"{address}.{name}"
        if key.count(".") > MAX_NESTING:
            raise QbertError(f"{key}: accepted nesting up to {MAX_NESTING} deep")
        try:
            value = node[name]
        except OmegaConfBaseException as error:
            if name in BUILDING_KEYS:
                raise QbertError(f"{key}: {str(error).splitlines()[0]}") from error
            continue
        yield key, str(name), value
        if isinstance(value, DictConfig | ListConfig):
            yield from _values(value, key)
