"""Cuts through a network, at which its curvature along a direction adds up.

The values at a cut, a_j = f_j(earlier ones, parameters), have derivatives ā_j of the
loss. Moved along v, the loss has the second derivative vᵀ H v = Σ_j ⟨ā_j, D²f_j[u, u]⟩,
where u are the first derivatives a'_j and v itself. The gradient of ⟨gradient, v⟩ holds
all of it when its way back ends at every cut: what then arrives at one is
c_j = ∂/∂a_j Σ_i ⟨ā_i, Df_i[u]⟩ for constant u, and with c_v at the parameters

    vᵀ H v = Σ_j ⟨c_j, a'_j⟩ + ⟨c_v, v⟩.

The a'_j come by anyway. A cut behind a linear layer spares taking c_j back through it,
so that this costs little more than half of the matrix products of H v.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class Cuts:
    """The cuts of a network; they have no effect but within `closed`."""

    def __init__(self) -> None:
        self._products: list[Tensor] = []  # on the device, which nothing waits for
        self._is_closed = False
        self._waiting: dict[object, Tensor] = {}

    @property
    def curvature(self) -> float:
        """Σ_j ⟨c_j, a'_j⟩ of the gradients taken within the last `closed`."""
        return sum(float(each) for each in self._products)

    @contextmanager
    def behind_linear_layers(self, model: nn.Module) -> Iterator[None]:
        """Cut the graph of every forward pass within."""

        def cut(layer: nn.Module, inputs: object, output: Tensor) -> Tensor:
            value: Tensor = _Cut.apply(output, self, object())  # type: ignore[no-untyped-call]
            return value

        linear = [each for each in model.modules() if isinstance(each, nn.Linear)]
        handles = [layer.register_forward_hook(cut) for layer in linear]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Let second gradients end at the cuts, and add up the curvature there."""
        self._products, self._is_closed = [], True
        try:
            yield
        finally:
            self._is_closed = False
            self._waiting.clear()

    def meet(self, place: object, part: Tensor) -> bool:
        """Multiply c_j and a'_j when the second of them has come.

        Returns:
            Whether second gradients end at the cuts.
        """
        if self._is_closed:
            other = self._waiting.pop(place, None)
            if other is None:
                self._waiting[place] = part
            else:
                self._products.append(torch.dot(part.flatten(), other.flatten()))
        return self._is_closed


class _Cut(torch.autograd.Function):
    """A copy of values, which may be changed in place."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        value: Tensor,
        cuts: Cuts,
        place: object,
    ) -> Tensor:
        _remember(ctx, cuts, place)
        return value.clone()

    @staticmethod
    def backward(
        ctx: Any,  # noqa: ANN401
        gradient: Tensor | None,
    ) -> tuple[Tensor | None, None, None]:
        if gradient is None or ctx.cuts.meet(ctx.place, gradient):
            return None, None, None
        adjoint = _Adjoint.apply(gradient, ctx.cuts, ctx.place)  # type: ignore[no-untyped-call]
        return adjoint, None, None


class _Adjoint(torch.autograd.Function):
    """The identity of ā_j; what comes back through it is a'_j."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        adjoint: Tensor,
        cuts: Cuts,
        place: object,
    ) -> Tensor:
        _remember(ctx, cuts, place)
        return adjoint.view_as(adjoint)

    @staticmethod
    def backward(
        ctx: Any,  # noqa: ANN401
        tangent: Tensor | None,
    ) -> tuple[Tensor | None, None, None]:
        if tangent is not None:
            ctx.cuts.meet(ctx.place, tangent)
        return tangent, None, None


def _remember(ctx: Any, cuts: Cuts, place: object) -> None:  # noqa: ANN401
    """For the way back through either side of a cut."""
    ctx.cuts, ctx.place = cuts, place
    ctx.set_materialize_grads(False)
