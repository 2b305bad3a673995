"""A saved tiny float model and a quantized checkpoint of it."""

from __future__ import annotations

from pathlib import Path

from qbert_lightning.export import save_checkpoint
from qbert_lightning.layers import apply_plan, layer_shapes
from qbert_lightning.models import load_float
from qbert_lightning.plan import SchemeRule, expand_rules
from qbert_lightning.quantizers import AffineSpec
from tests.benchmarks.problems import saved_problem


def saved_models(folder: Path) -> tuple[Path, Path]:
    """Folders of a float model and of the same with 4-bit weights in its encoder."""
    float_folder, _ = saved_problem(folder)
    model, tokenizer = load_float(float_folder)
    rule = SchemeRule("*.encoder.layer.*", weight=AffineSpec(4))
    plan = expand_rules({"encoder": rule}, layer_shapes(model))
    apply_plan(model, plan)
    quantized = folder / "quantized"
    quantized.mkdir()
    save_checkpoint(model, plan, tokenizer, quantized)
    return float_folder, quantized
