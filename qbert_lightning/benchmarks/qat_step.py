"""One training step, what it takes and what it keeps."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakSet

import torch
from torch import Tensor, nn

from qbert_lightning.benchmarks.allocated import allocated_at_most


@dataclass(eq=False)
class _Kept:
    """A tensor that autograd keeps; gone when no graph needs it any more."""

    tensor: Tensor


@dataclass
class TrainingStep:
    """Forward, backward and AdamW on one batch.

    Attributes:
        model: In training mode.
        batch: ``input_ids`` and ``attention_mask``, int64 ``[batch, tokens]``.
        autocast: Type of the products, or `None` for those of the model.
    """

    model: nn.Module
    batch: Mapping[str, Tensor]
    autocast: torch.dtype | None = None

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-5)
        self.device = next(self.model.parameters()).device

    def loss(self) -> Tensor:
        """Some loss of the head's output, a scalar that costs next to nothing."""
        enabled = self.autocast is not None
        with torch.autocast(self.device.type, self.autocast, enabled=enabled):
            output: Tensor = self.model(**self.batch)[0]
        return output.float().square().mean()

    def run(self) -> None:
        """Take the step."""
        self.optimizer.zero_grad()
        self.loss().backward()
        self.optimizer.step()

    def seconds(self) -> tuple[float, float]:
        """Wall-clock and processor time of one step, the GPU's work included."""
        self._wait()
        wall, cpu = time.perf_counter(), time.process_time()
        self.run()
        self._wait()
        return time.perf_counter() - wall, time.process_time() - cpu

    def saved_mib(self) -> float:
        """What autograd keeps for the backward pass, parameters left out, in MiB."""
        known = {each.untyped_storage().data_ptr() for each in self.model.parameters()}
        kept = WeakSet[_Kept]()

        def keep(tensor: Tensor) -> _Kept:
            one = _Kept(tensor.detach())  # its graph would hold itself
            kept.add(one)
            return one

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda one: one.tensor):
            loss = self.loss()
        storages = [one.tensor.untyped_storage() for one in kept]
        del loss  # which held its graph, and the graph what is kept
        sizes = {each.data_ptr(): each.nbytes() for each in storages}
        return sum(sizes[address] for address in sizes.keys() - known) / 2**20

    def peak_mib(self) -> float:
        """Most that torch allocates in a second step, in MiB.

        Parameters and the optimizer's state, which are there before, are left out.
        """
        self.run()
        self.optimizer.zero_grad()
        if self.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self.device)
            before = torch.cuda.memory_allocated(self.device)
            self.run()
            return (torch.cuda.max_memory_allocated(self.device) - before) / 2**20
        return allocated_at_most(self.run) / 2**20

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def random_batch(
    vocabulary: int, batch_size: int, tokens: int, seed: int, device: torch.device
) -> dict[str, Tensor]:
    """Random words without padding, ``[batch_size, tokens]``."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(vocabulary, (batch_size, tokens), generator=generator)
    return {
        "input_ids": ids.to(device),
        "attention_mask": torch.ones_like(ids).to(device),
    }
