"""Where NaN or infinity first appears in a network."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from qbert_lightning.datamodules import Batch


@torch.no_grad()
def first_non_finite(model: nn.Module, batch: Batch) -> str | None:
    """Name what holds the first NaN or infinity: a parameter, or a layer's output.

    Runs the model once more with a look at every layer, so it is for the moment when
    a loss is already known to be bad.

    Args:
        model: The network, called as ``model(**batch)``.
        batch: The inputs that gave the bad loss.

    Returns:
        ``"weight <name>"`` or ``"output of <name>"``; `None` if all is finite.
    """
    for name, parameter in model.named_parameters():
        if not bool(torch.isfinite(parameter).all()):
            return f"weight {name}"
    found: list[str] = []

    def look(name: str, output: object) -> None:
        if not found and any(not torch.isfinite(x).all() for x in _tensors(output)):
            found.append(f"output of {name}")

    hooks = [
        module.register_forward_hook(lambda _, __, y, name=name: look(name, y))
        for name, module in model.named_modules()
        if not any(True for _ in module.children())
    ]
    try:
        model(**batch)
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else None


def _tensors(output: object) -> Iterator[Tensor]:
    """The floating-point tensors of a layer's output."""
    if isinstance(output, Tensor):
        if output.is_floating_point():
            yield output
    elif isinstance(output, tuple | list):
        for item in output:
            yield from _tensors(item)
