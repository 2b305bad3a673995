from __future__ import annotations

from qbert_lightning.export.model_card import model_card
from qbert_lightning.layers import apply_plan
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from tests.tiny import tiny_bert


def test_numbers_are_those_of_the_plan() -> None:
    model = tiny_bert()
    widths = {"bert.pooler.dense": 4, "classifier": 8}
    weights = {name: AffineSpec(bits) for name, bits in widths.items()}
    plan = QuantPlan({name: QuantScheme(weight=spec) for name, spec in weights.items()})
    apply_plan(model, plan)
    card = model_card(model, plan)
    assert "# BertForSequenceClassification, quantized" in card
    assert "| 4 | 1 | 256 |\n| 8 | 1 | 48 |\n\n" in card
    parameters = sum(each.numel() for each in model.parameters())
    quantized = 256 * 4 + 48 * 8 + 2 * 64  # codes, and two ranges
    packed = (32 * (parameters - 256 - 48) + quantized) / 8 / 2**20
    assert f"take {packed:.2f} MB" in card
    assert f"{parameters * 4 / 2**20:.2f} MB in 32-bit floats" in card
