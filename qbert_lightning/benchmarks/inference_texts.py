"""The questions of the inference benchmark: rows of real text of one length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

Batch = Mapping[str, Tensor]
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def filled_batches(
    source: Sequence[Batch], sizes: Sequence[int], tokens: int
) -> list[dict[str, Tensor]]:
    """Batches without any padding, so that nobody can win by skipping it.

    The texts are laid end to end and cut into rows; too few are taken again.

    Args:
        source: The task's own batches: ``input_ids`` and ``attention_mask``, int64
            ``[batch, tokens]``.
        sizes: Rows of each batch.
        tokens: Columns of every batch.

    Returns:
        For each size the inputs, int64 ``[size, tokens]``.

    >>> texts = {"input_ids": torch.tensor([[1, 2, 0], [3, 4, 5]]),
    ...          "attention_mask": torch.tensor([[1, 1, 0], [1, 1, 1]])}
    >>> filled_batches([texts], [2], 3)[0]["input_ids"].tolist()
    [[1, 2, 3], [4, 5, 1]]
    """
    stream = torch.cat(
        [batch["input_ids"][batch["attention_mask"].bool()] for batch in source]
    ).tolist()
    return [_batch(stream, size, tokens) for size in sizes]


def _batch(stream: Sequence[int], size: int, tokens: int) -> dict[str, Tensor]:
    ids = torch.tensor(list(islice(cycle(stream), size * tokens))).view(size, tokens)
    values = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    return dict(zip(INPUTS, values, strict=True))


def save_series(series: Sequence[Batch], path: Path) -> None:
    """Write batches for `load_series`."""
    save_file(
        {f"{i}.{k}": x for i, each in enumerate(series) for k, x in each.items()}, path
    )


def load_series(path: Path) -> list[dict[str, Tensor]]:
    """The batches, in their order."""
    series: dict[int, dict[str, Tensor]] = {}
    for key, tensor in load_file(path).items():
        number, _, name = key.partition(".")
        series.setdefault(int(number), {})[name] = tensor
    # A safetensors file keeps no order of its own.
    return [
        {name: series[number][name] for name in sorted(series[number])}
        for number in sorted(series)
    ]
