"""Where tests run: on the processor, and on a GPU where there is one.

``pytest -m gpu`` runs what needs one, and nothing else.
"""

from __future__ import annotations

import pytest
import torch

GPU = pytest.param(
    "cuda",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    ],
)
on_every_device = pytest.mark.parametrize("device", ["cpu", GPU])
