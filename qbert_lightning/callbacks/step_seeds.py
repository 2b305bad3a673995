"""Random numbers of a training step that depend on the step alone."""

from __future__ import annotations

import hashlib

import pytorch_lightning as pl
import torch


class StepSeeds(pl.Callback):
    """Seeds torch's generators before every batch, so that no state is carried over.

    Dropout then is a function of (seed, rank, epoch, batch), and a run that goes on
    from any step draws what it would have drawn. Nothing else in a training step is
    random: batches have an order of their own (see `BucketBatchSampler`), and
    curvature has generators of its own.

    Args:
        seed: The stage's seed.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(  # noqa: D102
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: object,
        batch_idx: int,
    ) -> None:
        torch.manual_seed(
            step_seed(self.seed, trainer.global_rank, trainer.current_epoch, batch_idx)
        )


def step_seed(*position: int) -> int:
    """A 63-bit seed that is unrelated for related positions.

    >>> step_seed(0, 0, 0, 1) == step_seed(0, 0, 0, 1)
    True
    >>> step_seed(0, 0, 0, 1) == step_seed(0, 0, 1, 0)
    False
    """
    text = "/".join(map(str, position)).encode()
    digest = hashlib.blake2b(text, digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1
