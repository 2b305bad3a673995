"""The task's mean loss of a model on a batch, outside of training."""

from __future__ import annotations

from torch import Tensor, nn

from qbert_lightning.datamodules import Batch

_IGNORED = -100  # label of positions that the loss leaves out
_NOT_INPUTS = {"feature_index"}  # what batches carry for the metrics alone


def mean_loss(model: nn.Module, batch: Batch) -> Tensor:
    """The loss that the model itself computes from labels, a scalar.

    Args:
        model: takes a batch and returns an output with ``loss``.
        batch: of a data module, on the model's device.
    """
    inputs = {name: x for name, x in batch.items() if name not in _NOT_INPUTS}
    loss: Tensor = model(**inputs).loss
    return loss


def num_terms(batch: Batch) -> float:
    """How many terms the mean loss of a batch is over: rows, or labelled tokens.

    Means of batches weighted by it add up to the mean over all data, however the data
    is cut into batches.
    """
    labels = batch.get("labels")
    if labels is not None and labels.ndim > 1:
        return float((labels != _IGNORED).sum())
    return float(batch["input_ids"].shape[0])
