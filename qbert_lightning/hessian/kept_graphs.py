"""Gradient graphs that are built once for any number of products."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import nn

from qbert_lightning.hessian.batch import Batch, LossFunction, on_device
from qbert_lightning.hessian.gradient_graph import GradientGraph


class KeptGraphs:
    """The gradient graphs of batches; kept, while there is room.

    Args:
        model: The network that ``loss_function`` runs.
        loss_function: Batch → its mean loss.
        parameters: What to differentiate with respect to.
        cache_mib: Memory for kept graphs in MiB (2^20 bytes); 0 keeps none.
    """

    def __init__(
        self,
        model: nn.Module,
        loss_function: LossFunction,
        parameters: Sequence[nn.Parameter],
        cache_mib: float,
    ) -> None:
        self._model = model
        self._loss_function = loss_function
        self._parameters = parameters
        self._room = cache_mib * 2**20
        # With the batch, so that no other can have its identity meanwhile.
        self._kept: dict[int, tuple[Batch, GradientGraph]] = {}

    def __call__(self, batch: Batch) -> tuple[GradientGraph, bool]:
        """The graph of a batch, and whether it is kept."""
        if id(batch) in self._kept:
            return self._kept[id(batch)][1], True
        moved = on_device(batch, self._parameters[0].device)
        loss_function = partial(self._loss_function, moved)
        graph = GradientGraph(loss_function, self._parameters, self._model)
        taken = sum(kept.num_bytes for _, kept in self._kept.values())
        has_room = taken + graph.num_bytes <= self._room
        if has_room:
            self._kept[id(batch)] = batch, graph
        return graph, has_room

    def clear(self) -> None:
        """Keep none any longer."""
        self._kept.clear()
