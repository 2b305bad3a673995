"""Codes of one byte a value."""

from __future__ import annotations

import torch
from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters
from qbert_lightning.functional.affine_matrix import centre
from qbert_lightning.functional.blocks import codes_by_part
from qbert_lightning.functional.outside import Outside


def int8_codes(
    groups: Tensor, parameters: AffineParameters, outside: Outside | None = None
) -> Tensor:
    """What `quantize` gives, moved into int8, without a float tensor of full size.

    Args:
        groups: ``[groups, elements]``, any floating type.
        parameters: Levels of each group.
        outside: Remembers which values lie outside of the range.

    Returns:
        Codes less `centre`, int8 ``[groups, elements]``.

    >>> import torch
    >>> levels = AffineParameters(torch.ones(1, 1), torch.zeros(1, 1), 0, 255)
    >>> int8_codes(torch.tensor([[0.0, 254.6, 300.0]]), levels).tolist()
    [[-128, 127, 127]]
    """
    codes = torch.empty_like(groups, dtype=torch.int8)
    shift = centre(parameters)
    for part, _, nearest in codes_by_part(groups, parameters, outside):
        codes[part] = nearest.sub_(shift)
    return codes
