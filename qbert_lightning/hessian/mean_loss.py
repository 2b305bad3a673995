"""A model's mean loss over batches, as a function of some of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Self

import torch
from torch import Tensor, nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian.batch import (
    Batch,
    LossFunction,
    num_examples,
    on_device,
)
from qbert_lightning.hessian.evaluation import differentiating_only
from qbert_lightning.hessian.flat_parameters import FlatParameters


class MeanLoss(FlatParameters):
    """The mean loss over batches as a function of named blocks of parameters.

    It is taken inside a ``with``: there the model is in evaluation mode and only the
    blocks require gradients; all is put back at the end.

    Args:
        model: The network that ``loss_function`` runs.
        loss_function: Batch (a copy of the mapping) → its mean loss, a scalar.
        blocks: Name → parameters; no parameter may stand there twice.
        batches: The data over which the loss is averaged.
        batch_weight: Weight of a batch in the average; rows by default, which gives the
            mean loss over all examples.

    Raises:
        QbertError: Without batches or parameters, for shared parameters.
    """

    def __init__(
        self,
        model: nn.Module,
        loss_function: LossFunction,
        blocks: Mapping[str, Sequence[nn.Parameter]],
        batches: Sequence[Batch],
        *,
        batch_weight: Callable[[Batch], float] = num_examples,
    ) -> None:
        if not batches:
            raise QbertError("hessian: no batch to average over: accepted one or more")
        super().__init__(blocks)
        self._model = model
        self._loss_function = loss_function
        weights = [batch_weight(batch) for batch in batches]
        self._shares = [weight / sum(weights) for weight in weights]
        self._batches = batches
        self._context: ExitStack | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the parameters, and so of vectors."""
        return self.parameters[0].dtype

    @property
    def device(self) -> torch.device:
        """Where the parameters are, and so vectors."""
        return self.parameters[0].device

    def __enter__(self) -> Self:
        self._context = ExitStack()
        self._context.enter_context(differentiating_only(self._model, self.parameters))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._context is not None:
            self._context.close()
            self._context = None

    @torch.no_grad()
    def loss(self, displacement: Tensor | None = None) -> float:
        """The mean loss, with the parameters moved by ``displacement`` [size] if given.

        It may be infinite or NaN far away; the parameters are put back to the bit.
        """
        before = [each.data for each in self.parameters]
        if displacement is not None:
            for parameter, cut in zip(
                self.parameters, self.pieces(displacement), strict=True
            ):
                parameter.data = parameter.data + cut
        try:
            return sum(
                share * float(self._loss_function(on_device(batch, self.device)))
                for share, batch in self._shared_batches()
            )
        finally:
            for parameter, data in zip(self.parameters, before, strict=True):
                parameter.data = data

    def _shared_batches(self) -> list[tuple[float, Batch]]:
        """Every batch with its share in the mean."""
        if self._context is None:
            raise RuntimeError(f"{type(self).__name__}: use it inside its `with`")
        return list(zip(self._shares, self._batches, strict=True))

    @contextmanager
    def _naming(self, index: int) -> Iterator[None]:
        """Say which blocks and which batch an error came from."""
        try:
            yield
        except QbertError as error:
            where = f"hessian of {', '.join(self.slices)}, batch {index}"
            raise QbertError(f"{where}: {error}", error.code) from error
