"""The state a model is in while its curvature is measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def differentiating_only(
    model: nn.Module, parameters: Iterable[nn.Parameter]
) -> Iterator[None]:
    """Evaluation mode and gradients for ``parameters`` alone, for a while.

    Dropout is off, so that the loss is one function, and layers below the parameters
    need no backward pass. Every module's mode and every parameter's flag is what it was
    at the end, also after an error.

    >>> model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    >>> with differentiating_only(model, [model[1].weight]):
    ...     model.training, model[0].weight.requires_grad, model[1].weight.requires_grad
    (False, False, True)
    >>> model.training, model[0].weight.requires_grad
    (True, True)
    """
    wanted = set(parameters)
    modes = [(module, module.training) for module in model.modules()]
    flags = [(each, each.requires_grad) for each in {*model.parameters(), *wanted}]
    model.eval()
    try:
        for parameter, _ in flags:
            parameter.requires_grad_(parameter in wanted)
        yield
    finally:
        for module, training in modes:
            module.training = training
        for parameter, flag in flags:
            parameter.requires_grad_(flag)
