"""Products of a loss's Hessian with vectors, without ever forming the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import accumulate, pairwise
from math import isfinite
from types import TracebackType
from typing import Protocol, Self

import torch
from torch import Tensor, nn

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.hessian.evaluation import differentiating_only
from qbert_lightning.hessian.gradient_graph import GradientGraph

Batch = Mapping[str, Tensor]
LossFunction = Callable[[dict[str, Tensor]], Tensor]


class SymmetricOperator(Protocol):
    """A symmetric matrix known by its products; a square `Tensor` is one too."""

    @property
    def shape(self) -> Sequence[int]:
        """``(size, size)``."""

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the vectors it takes."""

    @property
    def device(self) -> torch.device:
        """Where the vectors live."""

    def __matmul__(self, vector: Tensor, /) -> Tensor:
        """The product with ``vector`` [size]: a new tensor, which may be changed."""


def num_examples(batch: Batch) -> float:
    """Rows of a batch: the weight with which batch means add up to the data's mean.

    >>> num_examples({"labels": torch.zeros(5)})
    5.0
    """
    return float(next(iter(batch.values())).shape[0])


class HessianOperator:
    """The Hessian of a model's mean loss with respect to named blocks of parameters.

    The parameters are laid end to end in one flat vector, so one block gives its
    diagonal block of the Hessian and several blocks give their joint one. Products are
    taken inside a ``with``: there the model is in evaluation mode and only the blocks
    require gradients, so that layers below the first block cost one forward and no
    backward; all is put back at the end. Nothing touches ``.grad``.

    The graph of a batch's gradient is kept while ``cache_mib`` lasts; the batches after
    that are built anew for every product, so that any number of them fits.

    Args:
        model: The network that ``loss_function`` runs.
        loss_function: Batch (a copy of the mapping) → its mean loss, a scalar.
        blocks: Name → parameters; no parameter may stand there twice.
        batches: The data over which the loss is averaged.
        cache_mib: Memory for kept graphs in MiB (2^20 bytes); 0 keeps none.
        batch_weight: Weight of a batch in the average; rows by default, which gives the
            Hessian of the mean loss over all examples.

    Raises:
        QbertError: Without batches or parameters, for shared parameters, for attention
            without double backward (code 2); for a loss or a product that is not
            finite, naming the block (code 1).

    >>> net = nn.Linear(1, 1, bias=False)
    >>> data = {"x": torch.tensor([[3.0], [1.0]])}
    >>> loss = lambda batch: net(batch["x"]).square().mean()
    >>> with HessianOperator(net, loss, {"net": [net.weight]}, [data]) as hessian:
    ...     hessian @ torch.tensor([1.0])
    tensor([10.])
    """

    def __init__(
        self,
        model: nn.Module,
        loss_function: LossFunction,
        blocks: Mapping[str, Sequence[nn.Parameter]],
        batches: Sequence[Batch],
        *,
        cache_mib: float = 2048.0,
        batch_weight: Callable[[Batch], float] = num_examples,
    ) -> None:
        if not batches:
            raise QbertError("hessian: no batch to average over: accepted one or more")
        self.parameters = _laid_end_to_end(blocks)
        sizes = [sum(each.numel() for each in block) for block in blocks.values()]
        bounds = pairwise(accumulate(sizes, initial=0))
        self.slices = {
            name: slice(*bound) for name, bound in zip(blocks, bounds, strict=True)
        }
        self.size = sum(sizes)
        self._model = model
        self._loss_function = loss_function
        self._batches = batches
        weights = [batch_weight(batch) for batch in batches]
        self._shares = [weight / sum(weights) for weight in weights]
        self._room = cache_mib * 2**20
        self._kept: dict[int, GradientGraph] = {}
        self._context: ExitStack | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """``(size, size)``."""
        return (self.size, self.size)

    @property
    def dtype(self) -> torch.dtype:
        """Number format of the parameters, and so of the vectors."""
        return self.parameters[0].dtype

    @property
    def device(self) -> torch.device:
        """Where the parameters are, and so the vectors."""
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
        self._kept.clear()
        if self._context is not None:
            self._context.close()
            self._context = None

    def __matmul__(self, vector: Tensor, /) -> Tensor:
        """The product with ``vector`` [size]; raises `QbertError`."""
        self._check_open()
        product = torch.zeros_like(vector)
        pieces, sums = self._pieces(vector), self._pieces(product)
        for index, share in enumerate(self._shares):
            with self._naming(index):
                graph, keep = self._graph(index), index in self._kept
                parts = graph.parts(pieces, keep=keep)
                for total, part in zip(sums, parts, strict=True):
                    total.add_(part, alpha=share)
                del graph, parts  # before the next one is built
        self._check_finite(product, "a product")
        return product

    def curvature_along(self, vector: Tensor) -> float:
        """``vector · H vector`` for about two thirds of what a product costs.

        Args:
            vector: A direction of any length [size].

        Raises:
            QbertError: Like a product.
        """
        self._check_open()
        curvature, pieces = 0.0, self._pieces(vector)
        for index, share in enumerate(self._shares):
            with self._naming(index):
                graph, keep = self._graph(index), index in self._kept
                curvature += share * graph.curvature(pieces, keep=keep)
                del graph  # before the next one is built
        if not isfinite(curvature):
            raise _not_finite(", ".join(self.slices), "a curvature")
        return curvature

    def gradient(self) -> Tensor:
        """The gradient of the mean loss [size]; raises `QbertError` like a product."""
        self._check_open()
        gradient = torch.zeros(self.size, dtype=self.dtype, device=self.device)
        for index, share in enumerate(self._shares):
            with self._naming(index):
                gradient.add_(self._graph(index).gradient(), alpha=share)
        self._check_finite(gradient, "the gradient")
        return gradient

    @torch.no_grad()
    def loss(self, displacement: Tensor | None = None) -> float:
        """The mean loss, with the parameters moved by ``displacement`` [size] if given.

        It may be infinite or NaN far away; the parameters are put back to the bit.
        """
        self._check_open()
        before = [each.data for each in self.parameters]
        if displacement is not None:
            for parameter, cut in zip(
                self.parameters, self._pieces(displacement), strict=True
            ):
                parameter.data = parameter.data + cut
        try:
            return sum(
                share * float(self._loss_function(self._moved(index)))
                for index, share in enumerate(self._shares)
            )
        finally:
            for parameter, data in zip(self.parameters, before, strict=True):
                parameter.data = data

    def split(self, vector: Tensor) -> dict[str, Tensor]:
        """The part of a flat vector [size] that belongs to each block (views)."""
        return {name: vector[part] for name, part in self.slices.items()}

    def _pieces(self, vector: Tensor) -> list[Tensor]:
        """A flat vector cut and shaped like the parameters (views)."""
        cuts = torch.split(vector, [each.numel() for each in self.parameters])
        return [
            cut.view_as(each) for cut, each in zip(cuts, self.parameters, strict=True)
        ]

    def _check_open(self) -> None:
        if self._context is None:
            raise RuntimeError("HessianOperator: take products inside its `with`")

    def _check_finite(self, vector: Tensor, what: str) -> None:
        if bool(torch.isfinite(vector.sum())):  # one pass; it may overflow in a sum
            return
        for name, part in self.split(vector).items():
            if not bool(torch.isfinite(part).all()):
                raise _not_finite(name, what)

    @contextmanager
    def _naming(self, index: int) -> Iterator[None]:
        """Say which blocks and which batch an error came from."""
        try:
            yield
        except QbertError as error:
            where = f"hessian of {', '.join(self.slices)}, batch {index}"
            raise QbertError(f"{where}: {error}", error.code) from error

    def _moved(self, index: int) -> dict[str, Tensor]:
        batch = self._batches[index]
        return {key: value.to(self.device) for key, value in batch.items()}

    def _graph(self, index: int) -> GradientGraph:
        """The graph of a batch's gradient; kept, while there is room."""
        if index in self._kept:
            return self._kept[index]
        loss_function = partial(self._loss_function, self._moved(index))
        graph = GradientGraph(loss_function, self.parameters, self._model)
        taken = sum(kept.num_bytes for kept in self._kept.values())
        if taken + graph.num_bytes <= self._room:
            self._kept[index] = graph
        return graph


def _not_finite(blocks: str, what: str) -> QbertError:
    message = f"{what} is not finite: accepted finite weights, data and loss"
    return QbertError(f"hessian of {blocks}: {message}", FAILED)


def curvature_along(operator: SymmetricOperator, vector: Tensor) -> float:
    """``vector · operator vector``, as cheaply as the operator can.

    >>> curvature_along(torch.diag(torch.tensor([1.0, 2.0])), torch.tensor([1.0, 3.0]))
    19.0
    """
    if isinstance(operator, HessianOperator):
        return operator.curvature_along(vector)
    return float(torch.dot(vector, operator @ vector))


def _laid_end_to_end(
    blocks: Mapping[str, Sequence[nn.Parameter]],
) -> list[nn.Parameter]:
    """All parameters in order; raises `QbertError` for none or for one twice."""
    owner: dict[nn.Parameter, str] = {}
    for name, parameters in blocks.items():
        for parameter in parameters:
            if parameter in owner:
                raise QbertError(
                    f"hessian: blocks {owner[parameter]} and {name} share a parameter: "
                    "accepted blocks without common parameters"
                )
            owner[parameter] = name
    if not owner:
        raise QbertError(
            f"hessian: no parameters in blocks {sorted(blocks)}: accepted one or more"
        )
    return list(owner)
