"""What every stage works with: configuration, data, model, cache and log."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.accelerators import CPUAccelerator, CUDAAccelerator
from pytorch_lightning.callbacks import RichProgressBar

from qbert_lightning.allocation import BitAllocator
from qbert_lightning.callbacks import BestWeights, ResumeCheckpoint, StepSeeds
from qbert_lightning.datamodules import TaskDataModule
from qbert_lightning.errors import QbertError
from qbert_lightning.methods import QuantMethod
from qbert_lightning.models import ModelSource
from qbert_lightning.modules import TaskModule
from qbert_lightning.pipeline.checkpoint_io import DurableCheckpointIO
from qbert_lightning.pipeline.incidental import INCIDENTAL_OF_DATA
from qbert_lightning.pipeline.instantiate import instantiate
from qbert_lightning.pipeline.stage_cache import Make, Stage, StageCache
from qbert_lightning.pipeline.unfinished import Unfinished
from qbert_lightning.plan import SchemeRule
from qbert_lightning.runtimes import Runtime
from qbert_lightning.sensitivity import Measurement, SensitivityMetric, Spectra
from qbert_lightning.stop_signals import StopSignals
from qbert_lightning.tracking import (
    Journal,
    MetricsLog,
    WandbRun,
    is_helper_process,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

FLOAT_PREFIX = "float/"


class Workbench:
    """The objects of one run, each made when first asked for.

    Args:
        config: The resolved configuration, in plain containers.
        tracker: Where logged rows are forwarded to, if anywhere.
        say: Tells the user a line.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        tracker: WandbRun | None,
        say: Callable[[str], None],
    ) -> None:
        self.config = config
        self.tracker = tracker
        self.say = say
        self.cache = StageCache(Path(config["paths"]["output_dir"]) / "stages")
        # Built at once, so that what a constructor refuses is refused before any work.
        self.source: ModelSource = instantiate(config["model"])
        self.method: QuantMethod = instantiate(config["method"])
        self.metric: SensitivityMetric = instantiate(config["sensitivity"])
        self.spectra: Spectra | None = _build_if_named(config["spectra"])
        self.runtime: Runtime | None = _build_if_named(config["runtime"])
        self.allocator: BitAllocator = instantiate(config["allocator"])
        self.rules: dict[str, SchemeRule] = _build_all(config["quant"]["rules"])
        self.callbacks: dict[str, pl.Callback] = _build_all(config["callbacks"])
        self.float_callbacks: dict[str, pl.Callback] = _build_all(
            config["finetune"]["callbacks"]
        )
        self._data: TaskDataModule = instantiate(config["task"]["data"])
        self._signals = StopSignals()
        _quiet_lightning()

    @cached_property
    def data(self) -> TaskDataModule:
        """The task's data, read and with its tokenizer."""
        data = self._data
        data.prepare_data()
        tokenizer = self.source.tokenizer() or data.own_tokenizer()
        if tokenizer is None:
            raise _no_tokenizer(self.config)
        data.use_tokenizer(tokenizer)
        return data

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The tokenizer of model and data."""
        tokenizer = self.data.tokenizer
        assert tokenizer is not None  # `data` chose one
        return tokenizer

    @cached_property
    def devices(self) -> list[torch.device]:
        """Where work outside of a trainer is done: the trainer's own local devices."""
        settings = self.config["trainer"]
        wanted = settings.get("accelerator", "auto")
        count = settings.get("devices", "auto")
        if wanted in ("auto", "gpu", "cuda") and CUDAAccelerator.is_available():
            every = CUDAAccelerator.auto_device_count()
            indices = CUDAAccelerator.parse_devices(every if count == "auto" else count)
            return CUDAAccelerator.get_parallel_devices(indices or [0])
        return CPUAccelerator.get_parallel_devices(1 if count == "auto" else count)

    def journal(self, name: str, key: Mapping[str, Any]) -> Journal:
        """What a stage that is made bit by bit has finished; see `stage`."""
        return Journal(self.cache.place(name, key).with_suffix(".journal.jsonl"))

    def unfinished(self, name: str, key: Mapping[str, Any]) -> Path:
        """Where a stage keeps its training's checkpoint; see `fit`."""
        return self.cache.unfinished(name, key)

    def measured(self, measurement: Measurement) -> None:
        """Tell about each subset of an analysis that is finished."""
        done, total = measurement.done, measurement.total
        if done % max(1, total // 5) == 0 or done == total:
            self.say(f"  analysis  {done} of {total} values")

    def task_key(self) -> dict[str, Any]:
        """What of the task's settings decides a result, whatever folder it lies in."""
        task = self.config["task"]
        settings = {
            key: value
            for key, value in task["data"].items()
            if key not in INCIDENTAL_OF_DATA
        }
        return {
            "rows": self.data.fingerprint(),
            "data": settings,
            "module": task["module"],
        }

    def trainer_key(self) -> dict[str, Any]:
        """What of the trainer's settings decides the result of a training."""
        settings = self.config["trainer"]
        key = {"precision": settings.get("precision")}
        # Each of these multiplies the examples of an optimizer step.
        for name in ("accumulate_grad_batches", "devices", "num_nodes"):
            if settings.get(name, 1) != 1:
                key[name] = settings[name]
        return key

    def seed(self, seed: int) -> None:
        """Start a stage from its seed, whatever ran before it."""
        pl.seed_everything(seed, workers=True, verbose=False)
        self.data.set_seed(seed)

    def stage(
        self,
        name: str,
        key: Mapping[str, Any],
        make: Make,
        *,
        distributed: bool = False,
    ) -> Stage:
        """Do a stage, or find it done already, and say which.

        Args:
            name: Kind of stage.
            key: What it depends on.
            make: Fills its folder.
            distributed: Whether every process of a distributed run takes part; what is
                not distributed is done by the first one while the others wait.

        Raises:
            KeyboardInterrupt: If that was asked for at the very end of a training.
            SystemExit: Likewise; the stage is complete then.
        """
        if is_helper_process():
            stage = self.cache.follow(name, key, make if distributed else None)
        else:
            stage = self.cache.stage(name, key, make)
            how = "reused" if stage.reused else f"done in {stage.seconds:.1f} s"
            self.say(f"{name:<9} {how:<16} {stage.folder}")
        self._signals.obey()
        return stage

    def module(
        self, model: PreTrainedModel, recipe: str, prefix: str = ""
    ) -> TaskModule:
        """The task's module around a model, trained by a recipe of the configuration.

        Args:
            model: Float or quantized.
            recipe: ``"finetune"`` or ``"quantize"``.
            prefix: Put before every logged key.
        """
        settings = self.config[recipe]
        module: TaskModule = instantiate(self.config["task"]["module"])(
            model=model,
            objective=instantiate(self.config["objective"]),
            optimizer=instantiate(settings["optimizer"]),
            scheduler=instantiate(settings["scheduler"]),
            data=self.data,
            prefix=prefix,
        )
        return module

    def fit(
        self,
        module: TaskModule,
        recipe: str,
        folder: Path,
        unfinished: Path,
        callbacks: Sequence[pl.Callback] = (),
    ) -> Mapping[str, Any]:
        """Train, and leave the weights the recipe selects in the module.

        A training that was stopped goes on from its last checkpoint.

        Args:
            module: From `module`.
            recipe: Its recipe.
            folder: Where ``metrics.jsonl`` goes.
            unfinished: Where the checkpoint is, and outlives the process.
            callbacks: Further callbacks.

        Returns:
            For the stage's marker: ``resumed_at``, the steps at which it was resumed,
            and ``differences``, why it is then not exact to the bit; or nothing.

        Raises:
            KeyboardInterrupt: If that was asked for, once a checkpoint is written.
            SystemExit: Likewise.
            QbertError: (code 4) if the checkpoint does not fit; it is removed.
        """
        settings = self.config[recipe]
        log = MetricsLog(folder, self.tracker)
        left = Unfinished(unfinished)
        resume = ResumeCheckpoint(
            left.path, log, self._signals, **self.config["resume"]
        )
        best = BestWeights(f"{module.prefix}val/{module.primary_metric}")
        trainer = self._trainer(
            logger=log,
            callbacks=[
                resume,
                StepSeeds(settings["seed"]),
                *callbacks,
                *([best] if settings["select"] == "best" else []),
            ],
            plugins=[DurableCheckpointIO()],
            max_epochs=settings["max_epochs"],
            max_steps=settings["max_steps"],
            gradient_clip_val=settings["gradient_clip_val"],
            enable_checkpointing=False,
        )
        history = left.find(trainer.world_size, self.say)
        resume.facts = asdict(history)
        checkpoint = None
        if history.resumed_at:
            checkpoint = left.path
            self.say(f"{recipe:<9} resumed at step {history}")
        try:
            trainer.fit(module, datamodule=self.data, ckpt_path=checkpoint)
        except SystemExit:
            if self._signals.received and left.path.exists():
                step = trainer.global_step
                self.say(
                    f"{recipe:<9} stopped at step {step}: the same command goes on"
                )
            raise
        except (KeyError, RuntimeError) as error:
            if checkpoint is None or resume.has_begun:
                raise
            raise left.refuse(error) from error
        best.put_back(module)
        return history.to_marker()

    def test(self, module: TaskModule, **settings: Any) -> dict[str, float]:
        """Scores of the reported splits.

        Args:
            module: From `module`.
            **settings: Of the trainer, in place of the configured ones.
        """
        trainer = self._trainer(logger=False, enable_checkpointing=False, **settings)
        trainer.test(module, datamodule=self.data, verbose=False)
        return {key: float(value) for key, value in trainer.callback_metrics.items()}

    def _trainer(
        self, callbacks: Sequence[pl.Callback] = (), **arguments: Any
    ) -> pl.Trainer:
        watched = sys.stderr.isatty()
        bar = [RichProgressBar(leave=False)] if watched else []
        trainer: pl.Trainer = instantiate(
            self.config["trainer"],
            callbacks=[*callbacks, *bar],
            enable_progress_bar=watched,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            **arguments,
        )
        return trainer


def _build_all(nodes: Mapping[str, Any] | None) -> dict[str, Any]:
    """Build every part; a part that is null is left out."""
    parts = (nodes or {}).items()
    return {name: instantiate(node) for name, node in parts if node is not None}


def _build_if_named(node: Mapping[str, Any] | None) -> Any:
    """Build a part that may be left out.

    Numbers for it, such as a sweep's, may be there also where the part is not.
    """
    return instantiate(node) if "_target_" in (node or {}) else None


def _quiet_lightning() -> None:
    """Leave out what Lightning says about itself on every trainer."""
    for name in ("pytorch_lightning", "lightning.pytorch"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for message in (
        ".*does not have many workers.*",
        ".*GPU available but not used.*",
        ".*smaller than the logging interval.*",
        ".*isinstance.treespec, LeafSpec.*",
        ".*your dataloader is not resumable.*",  # the data module is
    ):
        warnings.filterwarnings("ignore", message)


def _no_tokenizer(config: Mapping[str, Any]) -> QbertError:
    return QbertError(
        f"model.tokenizer=null: the task {config['task']['name']!r} brings no "
        "vocabulary: accepted a tokenizer folder, or a pretrained model"
    )
