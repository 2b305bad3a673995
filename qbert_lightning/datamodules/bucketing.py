"""Batches of similar length, in an order that only the seed and epoch decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler


class BucketBatchSampler(Sampler[list[int]]):
    """Batches of examples of similar length.

    Examples are shuffled, cut into windows of ``window`` batches, sorted by
    length inside each window and cut into batches, whose order is shuffled
    again. So padding is small and every epoch sees other batches. The order is a
    function of ``(seed, epoch)`` and draws on no global generator.

    On several devices each rank takes every ``world_size``-th batch. Training
    repeats batches from the start so that all ranks have equally many; evaluation
    repeats none, so that scores stay exact. The trainer must therefore be made
    with ``use_distributed_sampler=False``.

    Args:
        lengths: length of every example.
        batch_size: examples in a batch.
        shuffle: False gives batches sorted by length, the same every epoch.
        seed: of the order.
        window: batches sorted together.
        rank: number of this device.
        world_size: number of devices.

    Example:
        >>> list(BucketBatchSampler([5, 1, 4, 2], 2, shuffle=False))
        [[1, 3], [2, 0]]
    """

    def __init__(
        self,
        lengths: Sequence[int],
        batch_size: int,
        *,
        shuffle: bool,
        seed: int = 0,
        window: int = 50,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.window = window
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self._done = (0, 0)

    @property
    def sampler(self) -> BucketBatchSampler:
        """Itself: Lightning calls ``set_epoch`` on a batch sampler's ``sampler``."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of an epoch, counted from 0."""
        self.epoch = epoch

    def go_on(self, epoch: int, num_batches: int) -> None:
        """Begin in the middle, as if all before had been asked for.

        The length stays that of a whole epoch.

        Args:
            epoch: The epoch to begin with, counted from 0.
            num_batches: Batches of this rank that are left out of that epoch only.
        """
        self.epoch = epoch
        self._done = (epoch, num_batches)

    def _batches(self) -> list[list[int]]:
        """All batches of the epoch, for all ranks."""
        if not self.shuffle:
            return self._cut(np.argsort(self.lengths, kind="stable"))
        generator = np.random.default_rng([self.seed, self.epoch])
        order = generator.permutation(len(self.lengths))
        batches: list[list[int]] = []
        for start in range(0, len(order), self.window * self.batch_size):
            part = order[start : start + self.window * self.batch_size]
            part = part[np.argsort(self.lengths[part], kind="stable")]
            batches.extend(self._cut(part))
        return [batches[index] for index in generator.permutation(len(batches))]

    def _cut(self, order: np.ndarray) -> list[list[int]]:
        """Cut an order into batches."""
        return [
            order[start : start + self.batch_size].tolist()
            for start in range(0, len(order), self.batch_size)
        ]

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of this rank."""
        batches = self._batches()
        if self.shuffle:
            missing = len(self) * self.world_size - len(batches)
            batches += [batches[index % len(batches)] for index in range(missing)]
        epoch, num_done = self._done
        begin = num_done if self.epoch == epoch else 0
        yield from batches[self.rank :: self.world_size][begin:]

    def __len__(self) -> int:
        """Number of batches of this rank."""
        total = -(-len(self.lengths) // self.batch_size)
        if self.shuffle:
            return -(-total // self.world_size)
        return len(range(self.rank, total, self.world_size))
