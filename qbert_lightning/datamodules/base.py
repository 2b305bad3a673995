"""The data of one task: splits, held-out rows, loaders, fingerprint."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from qbert_lightning.datamodules.bucketing import BucketBatchSampler
from qbert_lightning.datamodules.collate import Collate
from qbert_lightning.datamodules.encoding import Encoded, Encoding
from qbert_lightning.datamodules.rows import Split, TaskSplits
from qbert_lightning.datamodules.splitting import hold_out, sample_split
from qbert_lightning.errors import QbertError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Batch = dict[str, Tensor]


class DataSettings(TypedDict, total=False):
    """Keyword arguments that every data module takes (see `TaskDataModule`)."""

    batch_size: int
    eval_batch_size: int
    validation_fraction: float
    max_validation_examples: int
    max_train_examples: int | None
    max_test_examples: int | None
    split_seed: int
    num_workers: int


class TaskDataModule(pl.LightningDataModule, ABC):
    """Splits and loaders of one task; a subclass fills in `read`.

    Selection never sees what is reported: ``val`` is the source's own validation
    split or a seeded part of train, the reported splits are the source's ``tests``.

    Args:
        encoding: the shape of the task: how rows become model inputs.
        batch_size: training examples in a batch (on each device).
        eval_batch_size: examples in a batch of evaluation.
        validation_fraction: share of train held out when the source has no
            validation split of its own.
        max_validation_examples: most rows of ``val``.
        max_train_examples: train on a seeded sample of this size; None for all.
        max_test_examples: report on a seeded sample of this size; None for all.
        split_seed: of held-out rows and samples. It is not the run's seed, so that
            every run of a study has the same rows.
        num_workers: processes that make batches.

    Raises:
        QbertError: (code 2) a setting outside its range.
    """

    def __init__(
        self,
        encoding: Encoding,
        *,
        batch_size: int = 32,
        eval_batch_size: int = 64,
        validation_fraction: float = 0.02,
        max_validation_examples: int = 2000,
        max_train_examples: int | None = None,
        max_test_examples: int | None = None,
        split_seed: int = 0,
        num_workers: int = 0,
    ) -> None:
        super().__init__()
        counts = {
            "batch_size": batch_size,
            "eval_batch_size": eval_batch_size,
            "max_validation_examples": max_validation_examples,
            "max_train_examples": max_train_examples,
            "max_test_examples": max_test_examples,
        }
        for key, value in counts.items():
            if value is not None and value < 1:
                raise QbertError(f"{key}={value}: accepted 1 or more")
        if not 0 < validation_fraction < 1:
            raise QbertError(
                f"validation_fraction={validation_fraction}: accepted between 0 and 1"
            )
        self.encoding = encoding
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self.validation_fraction = validation_fraction
        self.max_validation_examples = max_validation_examples
        self.max_train_examples = max_train_examples
        self.max_test_examples = max_test_examples
        self.split_seed = split_seed
        self.num_workers = num_workers
        self.seed = 0
        self._done = (0, 0)
        self.tokenizer: PreTrainedTokenizerBase | None = None
        self._splits: dict[str, Split] = {}
        self._labels: tuple[str, ...] | None = None
        self._test_names: list[str] = []
        self._encoded: dict[str, Encoded] = {}

    # What a subclass fills in.

    @abstractmethod
    def read(self) -> TaskSplits:
        """Read all splits from their source.

        Raises:
            QbertError: (code 4) a missing file or column, or a bad row.
        """

    def own_tokenizer(self) -> PreTrainedTokenizerBase | None:
        """Tokenizer made for this task, or None when the model brings one."""
        return None

    # What the stages ask for.

    @property
    def head(self) -> str:
        """Model head of the task, e.g. ``"sequence_classification"``."""
        return self.encoding.head

    @property
    def labels(self) -> list[str] | None:
        """Class names; None for regression and span extraction."""
        self.prepare_data()
        return None if self._labels is None else list(self._labels)

    @property
    def test_names(self) -> list[str]:
        """Names of the reported splits, the primary one first."""
        self.prepare_data()
        return self._test_names

    @property
    def splits(self) -> Mapping[str, Split]:
        """Splits by key: ``train``, ``val``, ``test``, ``test_<second name>`` ..."""
        self.prepare_data()
        return self._splits

    @property
    def test_keys(self) -> list[str]:
        """Keys of the reported splits in `splits`, the primary one first."""
        return ["test", *(f"test_{name}" for name in self.test_names[1:])]

    @property
    def split_names(self) -> dict[str, str]:
        """For people: what each split is."""
        return {key: split.name for key, split in self.splits.items()}

    def rows(self) -> dict[str, int]:
        """Number of rows of each split."""
        return {key: len(split.rows) for key, split in self.splits.items()}

    def fingerprint(self) -> str:
        """SHA-256 over all rows in use, the labels and the encoding's settings."""
        digest = hashlib.sha256()
        head = {"labels": self.labels, "encoding": self.encoding.settings()}
        digest.update(json.dumps(head, sort_keys=True, allow_nan=False).encode())
        for key, split in self.splits.items():
            digest.update(f"\n{key}".encode())
            for row in split.rows:
                digest.update(json.dumps(row, allow_nan=False).encode() + b"\n")
        return digest.hexdigest()

    def use_tokenizer(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Choose the tokenizer; call before a loader is asked for."""
        self.tokenizer = tokenizer
        self._encoded = {}

    def set_seed(self, seed: int) -> None:
        """Choose the seed of the order of training batches."""
        self.seed = seed

    def encoded(self, key: str) -> Encoded:
        """Model inputs of a split, tokenized when first asked for.

        Args:
            key: one of `splits`.
        """
        if key not in self._encoded:
            self._encoded[key] = self.encoding.encode(
                self.splits[key].rows, self._tokenizer(), training=key == "train"
            )
        return self._encoded[key]

    def sample_batches(
        self, fraction: float, seed: int, max_examples: int | None, batch_size: int
    ) -> list[Batch]:
        """A random part of train, for curvature and calibration.

        Args:
            fraction: share of the training rows, above 0 and at most 1.
            seed: of the choice.
            max_examples: most rows, None for no limit.
            batch_size: examples in a batch.

        Returns:
            Batches of similar length.

        Raises:
            QbertError: (code 2) ``fraction`` outside its range.
        """
        if not 0 < fraction <= 1:
            raise QbertError(f"fraction={fraction}: accepted above 0, at most 1")
        train = self.splits["train"]
        count = max(1, round(fraction * len(train.rows)))
        count = count if max_examples is None else min(count, max_examples)
        rows = sample_split(train, count, seed).rows
        encoded = self.encoding.encode(rows, self._tokenizer(), training=True)
        return list(self._loader(encoded, batch_size, shuffle=False, sharded=False))

    # What Lightning calls.

    def prepare_data(self) -> None:
        """Read and check the rows; does nothing when called again."""
        if self._splits:
            return
        source = self.read()
        train, validation = source.train, source.validation
        for split in (train, *source.tests.values()):
            self._check(split, source.labels)
        if validation is None:
            train, validation = hold_out(
                train,
                self.validation_fraction,
                self.max_validation_examples,
                self.split_seed,
            )
        self._check(validation, source.labels)
        limit, seed = self.max_test_examples, self.split_seed
        splits = {
            "train": sample_split(train, self.max_train_examples, seed),
            "val": sample_split(validation, self.max_validation_examples, seed),
        }
        for position, (name, split) in enumerate(source.tests.items()):
            key = "test" if position == 0 else f"test_{name}"
            splits[key] = sample_split(split, limit, seed)
        self._labels = source.labels
        self._test_names = list(source.tests)
        self._splits = splits

    def setup(self, stage: str | None = None) -> None:
        """Tokenize what a stage needs.

        Args:
            stage: ``fit``, ``validate``, ``test`` or None for everything.
        """
        self._done = (0, 0)
        needed = {"fit": ["train", "val"], "validate": ["val"], "test": self.test_keys}
        for key in needed.get(stage or "", list(self.splits)):
            self.encoded(key)

    def state_dict(self) -> dict[str, int]:
        """Where training stands: all that the order of further batches depends on."""
        assert self.trainer is not None  # only a trainer asks
        progress = self.trainer.fit_loop.epoch_loop.batch_progress
        return {
            "epoch": self.trainer.current_epoch,
            "batches": progress.current.completed,
        }

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Let the next training loader begin where a stopped training stood."""
        self._done = (state_dict["epoch"], state_dict["batches"])

    def train_dataloader(self) -> DataLoader[Batch]:
        """Shuffled batches of similar length."""
        return self._loader(
            self.encoded("train"), self.batch_size, shuffle=True, done=self._done
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """Batches of the rows to select on."""
        return self._loader(self.encoded("val"), self.eval_batch_size, shuffle=False)

    def test_dataloader(self) -> DataLoader[Batch] | list[DataLoader[Batch]]:
        """Batches of the reported rows; a list when several splits are reported."""
        loaders = [
            self._loader(self.encoded(key), self.eval_batch_size, shuffle=False)
            for key in self.test_keys
        ]
        return loaders if len(loaders) > 1 else loaders[0]

    def _loader(
        self,
        encoded: Encoded,
        batch_size: int,
        *,
        shuffle: bool,
        sharded: bool = True,
        done: tuple[int, int] = (0, 0),
    ) -> DataLoader[Batch]:
        rank, world_size, on_gpu = 0, 1, False
        if self.trainer is not None and sharded:
            rank, world_size = self.trainer.global_rank, self.trainer.world_size
            on_gpu = self.trainer.strategy.root_device.type == "cuda"
        # Every device needs a batch.
        batch_size = min(batch_size, max(1, len(encoded.features) // world_size))
        sampler = BucketBatchSampler(
            [len(feature["input_ids"]) for feature in encoded.features],
            batch_size,
            shuffle=shuffle,
            seed=self.seed,
            rank=rank,
            world_size=world_size,
        )
        sampler.go_on(*done)
        return DataLoader(
            encoded.features,
            batch_sampler=sampler,
            collate_fn=Collate(self._tokenizer().pad_token_id),
            num_workers=self.num_workers if sharded else 0,
            pin_memory=on_gpu,
            # Without one the loader draws its workers' seed from the global generator.
            generator=torch.Generator().manual_seed(self.seed),
        )

    def _check(self, split: Split, labels: tuple[str, ...] | None) -> None:
        """Refuse an empty split and rows that cannot be encoded."""
        if not split.rows:
            raise QbertError(
                f"{split.source}: split {split.name!r} has 0 rows: accepted 1 or more",
                code=4,
            )
        self.encoding.check(split, labels)

    def _tokenizer(self) -> PreTrainedTokenizerBase:
        assert self.tokenizer is not None, "call use_tokenizer first"
        return self.tokenizer
