"""The gradient of one batch's loss, with the graph to differentiate it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy

import torch
from torch import Tensor, nn

from qbert_lightning.errors import FAILED, QbertError
from qbert_lightning.hessian.cuts import Cuts


class GradientGraph:
    """The gradient of a loss with respect to parameters, differentiable once more.

    A Hessian product is the gradient of ⟨gradient, vector⟩ (Pearlmutter 1994), so the
    graph serves any number of products: only the second backward pass is repeated.
    ``autograd.grad`` builds it and never ``backward(create_graph=True)``, which ties
    parameters and graph in a reference cycle and leaks.

    Args:
        loss_function: Computes the loss, a scalar that depends on ``parameters``.
        parameters: What to differentiate with respect to.
        model: The network that ``loss_function`` runs. Its other weights are in memory
            anyway, a graph only refers to them; its linear layers are what `curvature`
            saves work at.

    Attributes:
        num_bytes: Memory that the graph holds, parameters and residents not counted.

    Raises:
        QbertError: When the loss is not finite (code 1), or the model has an operation
            without second derivative (code 2, from `parts` and what builds on it).

    >>> net = nn.Linear(1, 1, bias=False)
    >>> _ = nn.init.constant_(net.weight, 2.0)
    >>> loss = lambda: net(torch.ones(1)).pow(3).sum()
    >>> graph = GradientGraph(loss, [net.weight], net)
    >>> graph.product([torch.tensor([[1.0]])], keep=True)  # 6 w
    tensor([12.])
    >>> graph.curvature([torch.tensor([[2.0]])])  # 6 w · 2²
    48.0
    """

    def __init__(
        self,
        loss_function: Callable[[], Tensor],
        parameters: Sequence[nn.Parameter],
        model: nn.Module,
    ) -> None:
        self._parameters = parameters
        self._cuts = Cuts()
        saved = _SavedBytes([*parameters, *model.parameters()])
        hooks = torch.autograd.graph.saved_tensors_hooks(saved.pack, _unpack)
        with torch.inference_mode(mode=False), torch.enable_grad(), hooks:
            with self._cuts.behind_linear_layers(model):
                loss = loss_function()
            if not bool(torch.isfinite(loss)):
                raise QbertError(
                    f"the loss is not finite: {float(loss.detach())}", FAILED
                )
            self._gradients = torch.autograd.grad(
                loss,
                parameters,
                create_graph=True,
                allow_unused=True,
                materialize_grads=True,
            )
        self.num_bytes = saved.total

    def gradient(self) -> Tensor:
        """The gradient itself, flat [size], without its graph."""
        return torch.cat([each.detach().flatten() for each in self._gradients])

    def product(self, pieces: Sequence[Tensor], *, keep: bool = False) -> Tensor:
        """The Hessian times the vector made of ``pieces``, flat [size]; see `parts`."""
        return torch.cat([part.flatten() for part in self.parts(pieces, keep=keep)])

    def parts(
        self, pieces: Sequence[Tensor], *, keep: bool = False
    ) -> tuple[Tensor, ...]:
        """The Hessian times the vector made of ``pieces``, cut like the parameters.

        Args:
            pieces: The vector, cut and shaped like the parameters.
            keep: Whether the graph is needed again; otherwise it is freed on the way.
        """
        # A gradient that does not depend on the parameters adds nothing.
        curved = [
            (gradient, piece)
            for gradient, piece in zip(self._gradients, pieces, strict=True)
            if gradient.requires_grad
        ]
        if not curved:
            return tuple(torch.zeros_like(piece) for piece in pieces)
        gradients, outer = zip(*curved, strict=True)
        try:
            return torch.autograd.grad(
                gradients,
                self._parameters,
                grad_outputs=outer,
                retain_graph=keep,
                allow_unused=True,
                materialize_grads=True,
            )
        except RuntimeError as error:
            if "is not implemented" not in str(error):
                raise
            raise QbertError(
                f"the model has no second derivative ({error}): "
                'accepted attention: attn_implementation="eager"'
            ) from error

    def curvature(self, pieces: Sequence[Tensor], *, keep: bool = False) -> float:
        """⟨v, H v⟩ for about two thirds of what H v costs (see `Cuts`).

        Args:
            pieces: v, cut and shaped like the parameters.
            keep: Whether the graph is needed again; otherwise it is freed on the way.
        """
        with self._cuts.closed():
            parts = self.parts(pieces, keep=keep)
        return inner_product(pieces, parts) + self._cuts.curvature

    def block(self, chosen: slice) -> GradientGraph:
        """The same graph for the diagonal block of the ``chosen`` parameters."""
        block = copy(self)
        block._gradients = self._gradients[chosen]
        block._parameters = self._parameters[chosen]
        return block


def inner_product(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    """⟨first, second⟩ of two vectors that are cut alike.

    >>> vector = [torch.tensor([1.0, 2.0]), torch.tensor([[3.0]])]
    >>> inner_product(vector, vector)
    14.0
    """
    return sum(
        float(torch.dot(one.flatten(), other.flatten()))
        for one, other in zip(first, second, strict=True)
    )


class _SavedBytes:
    """Adds up what autograd keeps: each storage once, ``resident`` ones excepted."""

    def __init__(self, resident: Iterable[Tensor]) -> None:
        self.total = 0
        self._seen = {each.untyped_storage().data_ptr() for each in resident}

    def pack(self, tensor: Tensor) -> Tensor:
        """Count ``tensor`` and hand it on."""
        storage = tensor.untyped_storage()
        is_new = storage.data_ptr() not in self._seen
        if is_new and not isinstance(tensor, nn.Parameter):
            self._seen.add(storage.data_ptr())
            self.total += storage.nbytes()
        # A saved output that kept its own graph would be a reference cycle.
        return tensor.detach()


def _unpack(tensor: Tensor) -> Tensor:
    return tensor
