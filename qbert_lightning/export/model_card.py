"""The page that a hub shows for a packed model: what it is and how it is loaded."""

from __future__ import annotations

from collections import Counter

from torch import nn

from qbert_lightning.plan import QuantPlan, megabytes, storage_bits

CARD_FILE = "README.md"
FLOAT_BITS = 32

_CARD = """---
library_name: qbert-lightning
tags:
- quantized
---
# {architecture}, quantized

Weights are whole-number codes at their true width; everything else is 32-bit floats.

| bits | weight matrices | weights |
|---:|---:|---:|
{rows}

All parameters take {size:.2f} MB of 2^20 bytes, {float_size:.2f} MB in 32-bit floats.

```python
import qbert_lightning

model = qbert_lightning.load("this folder, or owner/name")
```

`plan.json` says how each layer is quantized, `config.json` names the labels.
"""


def model_card(model: nn.Module, plan: QuantPlan) -> str:
    """Markdown about a quantized model, with numbers of its plan alone.

    Args:
        model: With the plan applied.
        plan: Its plan.
    """
    shapes = {name: tuple(each.shape) for name, each in model.named_parameters()}
    matrices, weights = Counter[int](), Counter[int]()
    for layer, bits in plan.weight_bits().items():
        matrices[bits] += 1
        weights[bits] += model.get_parameter(f"{layer}.weight").numel()
    rows = [f"| {b} | {matrices[b]} | {weights[b]:,} |" for b in sorted(matrices)]
    num_parameters = sum(each.numel() for each in model.parameters())
    return _CARD.format(
        architecture=type(model).__name__,
        rows="\n".join(rows),
        size=megabytes(storage_bits(plan, shapes)),
        float_size=megabytes(FLOAT_BITS * num_parameters),
    )
