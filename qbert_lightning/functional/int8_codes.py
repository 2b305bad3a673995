"""Codes of one byte a value."""

from __future__ import annotations

import torch
from torch import Tensor

from qbert_lightning.functional.affine import AffineParameters, quantize
from qbert_lightning.functional.blocks import blocks
from qbert_lightning.functional.integer_product import centre


def int8_codes(groups: Tensor, parameters: AffineParameters) -> Tensor:
    """What `quantize` gives, moved into int8, without a float tensor of full size.

    Args:
        groups: ``[groups, elements]``, any floating type.
        parameters: Levels of each group.

    Returns:
        Codes less `centre`, int8 ``[groups, elements]``.

    >>> import torch
    >>> levels = AffineParameters(torch.ones(1, 1), torch.zeros(1, 1), 0, 255)
    >>> int8_codes(torch.tensor([[0.0, 254.6, 300.0]]), levels).tolist()
    [[-128, 127, 127]]
    """
    codes = torch.empty_like(groups, dtype=torch.int8)
    shift = centre(parameters)
    for part, levels in blocks(groups, parameters):
        codes[part] = quantize(groups[part].float(), levels).sub_(shift)
    return codes
