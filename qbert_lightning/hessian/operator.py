"""Products of a loss's Hessian with vectors, without ever forming the matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from types import TracebackType

import torch
from torch import Tensor, nn

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.hessian.batch import Batch, LossFunction, num_examples
from qbert_lightning.hessian.gradient_graph import GradientGraph
from qbert_lightning.hessian.kept_graphs import KeptGraphs
from qbert_lightning.hessian.mean_loss import MeanLoss


class HessianOperator(MeanLoss):
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
        super().__init__(
            model, loss_function, blocks, batches, batch_weight=batch_weight
        )
        self._graphs = KeptGraphs(model, loss_function, self.parameters, cache_mib)

    @property
    def shape(self) -> tuple[int, int]:
        """``(size, size)``."""
        return (self.size, self.size)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._graphs.clear()
        super().__exit__(kind, error, trace)

    def __matmul__(self, vector: Tensor, /) -> Tensor:
        """The product with ``vector`` [size]; raises `QbertError`."""
        product = torch.zeros_like(vector)
        pieces, sums = self.pieces(vector), self.pieces(product)

        def add(share: float, graph: GradientGraph, *, keep: bool) -> None:
            for total, part in zip(sums, graph.parts(pieces, keep=keep), strict=True):
                total.add_(part, alpha=share)

        self._for_each_graph(add)
        self._check_finite(product, "a product")
        return product

    def curvature_along(self, vector: Tensor) -> float:
        """``vector · H vector`` for about two thirds of what a product costs.

        Args:
            vector: A direction of any length [size].

        Raises:
            QbertError: Like a product.
        """
        curvature, pieces = 0.0, self.pieces(vector)

        def add(share: float, graph: GradientGraph, *, keep: bool) -> None:
            nonlocal curvature
            curvature += share * graph.curvature(pieces, keep=keep)

        self._for_each_graph(add)
        if not isfinite(curvature):
            raise _not_finite(", ".join(self.slices), "a curvature")
        return curvature

    def gradient(self) -> Tensor:
        """The gradient of the mean loss [size]; raises `QbertError` like a product."""
        gradient = torch.zeros(self.size, dtype=self.dtype, device=self.device)

        def add(share: float, graph: GradientGraph, *, keep: bool) -> None:
            gradient.add_(graph.gradient(), alpha=share)

        self._for_each_graph(add)
        self._check_finite(gradient, "the gradient")
        return gradient

    def _for_each_graph(self, use: Callable[..., None]) -> None:
        """Call ``use`` with share and graph of every batch, one after the other."""
        for index, (share, batch) in enumerate(self._shared_batches()):
            with self._naming(index):
                graph, keep = self._graphs(batch)
                use(share, graph, keep=keep)
                del graph  # before the next one is built

    def _check_finite(self, vector: Tensor, what: str) -> None:
        if bool(torch.isfinite(vector.sum())):  # one pass; it may overflow in a sum
            return
        for name, part in self.split(vector).items():
            if not bool(torch.isfinite(part).all()):
                raise _not_finite(name, what)


def _not_finite(blocks: str, what: str) -> QbertError:
    message = f"{what} is not finite: accepted finite weights, data and loss"
    return QbertError(f"hessian of {blocks}: {message}", FAILED)
