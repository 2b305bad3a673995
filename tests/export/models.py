"""Tiny quantized models of every number format, on disk."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from qbert_lightning.export import save_packed
from qbert_lightning.layers import layer_shapes
from qbert_lightning.methods import PostTraining
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from tests.cases import AFFINE_SPECS
from tests.tiny import tiny_batch, tiny_bert

TOKENIZER = PreTrainedTokenizerFast(
    tokenizer_object=Tokenizer(WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]")),
    unk_token="[UNK]",
)


def mixed_plan() -> QuantPlan:
    """Every granularity and width that fits somewhere in the tiny model."""
    activation = AffineSpec(8, symmetric=True, observer=MovingAverage())
    specs = iter(AFFINE_SPECS * 3)
    schemes = {}
    for name, shape in layer_shapes(tiny_bert()).items():
        if "encoder" not in name:
            schemes[name] = QuantScheme(weight=AffineSpec(8))
            continue
        spec = next(specs)
        while shape[0] % 12 and "12" in str(spec):
            spec = next(specs)
        schemes[name] = QuantScheme(weight=spec, input=activation)
    return QuantPlan(schemes)


def calibrated(plan: QuantPlan) -> PreTrainedModel:
    """A tiny BERT with a plan applied and ranges observed, in evaluation mode."""
    model = tiny_bert()
    method = PostTraining("x")
    method.prepare(model, plan)
    method.calibrate(model, [tiny_batch()])
    return model.eval()


def packed_folder(folder: Path, plan: QuantPlan) -> PreTrainedModel:
    """Pack a tiny model into a folder; returns the fake-quantized one."""
    model = calibrated(plan)
    save_packed(model, plan, TOKENIZER, folder)
    return model
