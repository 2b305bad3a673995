from __future__ import annotations

import subprocess
import sys

import hydra
import pytest
from omegaconf import DictConfig, OmegaConf, open_dict

from qbert_lightning.errors import QbertError
from qbert_lightning.pipeline.composition import config_folder
from qbert_lightning.pipeline.hydra_settings import check_hydra


def composed() -> DictConfig:
    with hydra.initialize_config_dir(str(config_folder()), version_base="1.3"):
        return hydra.compose("report", return_hydra_config=True)


def test_what_hydra_sets_itself_is_accepted() -> None:
    check_hydra(composed().hydra)


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("launcher._target_", "os.system"),
        ("sweeper._target_", "builtins.eval"),
        ("sweeper.custom_search_space", "os.system"),
        ("callbacks.a._target_", "os.system"),
        ("callbacks.a._target_", "hydra.experimental.callbacks.PickleJobInfoCallback"),
        ("callbacks.a", {"deeper": [{"_target_": "os.system"}]}),
        ("callbacks", "${evil}"),
        ("callbacks.a", "${evil}"),
        ("callbacks.a._target_", "${evil._target_}"),
        ("callbacks.a._target_", "${hydra.job.num}"),
        ("job_logging.handlers.a.()", "os.system"),
        ("job_logging.handlers.a.class", "os.system"),
        ("job_logging.handlers.a.stream", "ext://os.environ"),
        ("hydra_logging.formatters.a.()", "os.system"),
        ("hydra_logging.filters.a.()", "builtins.eval"),
        ("job.env_set.PATH", "/tmp"),
        ("job.env_set.LD_PRELOAD", "/tmp/x.so"),
        ("job.env_set.HYDRA_INSTANTIATE_ALLOWLIST_OVERRIDE", "os.system"),
    ],
)
def test_what_would_run_code_is_refused(address: str, value: object) -> None:
    config = composed()
    with open_dict(config):
        config.evil = {"_target_": "os.system"}
        OmegaConf.update(config, f"hydra.{address}", value, force_add=True)
    with pytest.raises(QbertError, match=r"hydra\."):
        check_hydra(config.hydra)


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("job.env_set.OMP_NUM_THREADS", "1"),
        ("job.env_set.WANDB_MODE", "offline"),
        ("job_logging.handlers.a.class", "logging.FileHandler"),
    ],
)
def test_plain_settings_are_accepted(address: str, value: object) -> None:
    config = composed()
    OmegaConf.update(config, f"hydra.{address}", value, force_add=True)
    check_hydra(config.hydra)


def test_endless_reference_is_refused() -> None:
    config = composed()
    callbacks = {"a": {"x": "${hydra.callbacks.b}"}, "b": {"y": "${hydra.callbacks.a}"}}
    OmegaConf.update(config, "hydra.callbacks", callbacks, force_add=True)
    with pytest.raises(QbertError, match="nesting"):
        check_hydra(config.hydra)


def test_hydra_finds_our_sweepers_and_they_import_nothing_heavy() -> None:
    code = (
        "import sys; from hydra.core.plugins import Plugins;"
        "from hydra.plugins.sweeper import Sweeper;"
        "names = {one.__name__ for one in Plugins.instance().discover(Sweeper)};"
        "assert {'AblationSweeper', 'OptunaSweeper'} <= names, names;"
        "heavy = {'torch', 'optuna', 'rich', 'qbert_lightning.search'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
