"""Tiny BERTs with every head, quantized as the papers do, and padded batches."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    PreTrainedModel,
)

from qbert_lightning.layers import layer_shapes
from qbert_lightning.methods import PostTraining
from qbert_lightning.observers import MovingAverage
from qbert_lightning.plan import PerTensor, QuantPlan, QuantScheme, RowGroups
from qbert_lightning.quantizers import AffineSpec
from qbert_lightning.runtimes import Runtime
from tests.tiny import TINY_CONFIG, tiny_tokenizer

CONFIG = {**TINY_CONFIG, "hidden_size": 32, "intermediate_size": 48}
HEADS = {
    "labels": (BertForSequenceClassification, {}),
    "regression": (
        BertForSequenceClassification,
        {"num_labels": 1, "problem_type": "regression"},
    ),
    "tags": (BertForTokenClassification, {}),
    "answers": (BertForQuestionAnswering, {"num_labels": 2}),
}


def tiny_model(head: str = "labels", seed: int = 0) -> PreTrainedModel:
    """A float model whose weights are large enough to make a difference."""
    torch.manual_seed(seed)
    model_class, settings = HEADS[head]
    config = BertConfig(**{**CONFIG, **settings}, initializer_range=0.2)
    model = model_class(config).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def padded_batch(size: int = 5, length: int = 9, seed: int = 1) -> dict[str, Tensor]:
    """Every second text is shorter, and has a second part."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(1, 40, (size, length), generator=generator)
    mask = torch.ones_like(ids)
    mask[1::2, length // 2 :] = 0
    types = torch.zeros_like(ids)
    types[:, length // 3 :] = 1
    return {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": types}


def q8bert(layers: dict[str, tuple[int, ...]]) -> QuantPlan:
    """Symmetric, 8 bits everywhere; query, key and value quantized again."""
    weight = AffineSpec(8, symmetric=True)
    activation = AffineSpec(8, symmetric=True, observer=MovingAverage())
    schemes = {}
    for name in layers:
        table = "embeddings" in name
        again = ".self." in name
        schemes[name] = QuantScheme(
            weight, None if table else activation, activation if again else None
        )
    return QuantPlan(schemes)


def qbert(layers: dict[str, tuple[int, ...]]) -> QuantPlan:
    """Asymmetric, group-wise, every width in turn; the head stays in floating point."""
    widths = itertools.cycle((2, 3, 4, 5, 8))
    activation = AffineSpec(8, observer=MovingAverage())
    schemes = {}
    for name in layers:
        if "embeddings" in name:
            schemes[name] = QuantScheme(AffineSpec(8))
        elif "encoder" in name:
            weight = AffineSpec(next(widths), RowGroups(4))
            schemes[name] = QuantScheme(weight, activation)
    return QuantPlan(schemes)


def directq(layers: dict[str, tuple[int, ...]]) -> QuantPlan:
    """One range for each matrix, 4 bits, the tables too."""
    activation = AffineSpec(8, observer=MovingAverage())
    weight = AffineSpec(4, PerTensor())
    return QuantPlan(
        {
            name: QuantScheme(weight, None if "embeddings" in name else activation)
            for name in layers
        }
    )


def float_plan(layers: dict[str, tuple[int, ...]]) -> QuantPlan:
    """Nothing is quantized."""
    return QuantPlan()


MakePlan = Callable[[dict[str, tuple[int, ...]]], QuantPlan]
PLANS: dict[str, MakePlan] = {
    plan.__name__: plan for plan in (q8bert, qbert, directq, float_plan)
}
ROUNDED = {
    "float_plan": 0,
    # Two layers: inputs of query/key/value, mixed, inner and outer.
    "qbert": 2 * 4,
    # Three outputs more in each layer, and the input of the classifier.
    "q8bert": 2 * 7 + 1,
}
"""How many tensors a plan quantizes where the head sees every token."""


def quantized(head: str, plan: str | QuantPlan) -> tuple[PreTrainedModel, QuantPlan]:
    """A calibrated model in evaluation mode, and its plan: given, or by its name."""
    model = tiny_model(head)
    if isinstance(plan, str):
        plan = PLANS[plan](layer_shapes(model))
    method = PostTraining("x")
    method.prepare(model, plan)
    method.calibrate(model, [padded_batch(seed=seed) for seed in range(4)])
    return model.eval(), plan


def deployed(
    runtime: Runtime, model: PreTrainedModel, plan: QuantPlan, folder: Path
) -> torch.nn.Module:
    """The model written to a folder by a runtime, and loaded again."""
    spare = folder / "tokenizer"
    spare.mkdir()
    tokenizer = tiny_tokenizer(spare)
    target = folder / "deployed"
    target.mkdir()
    runtime.write(model, plan, tokenizer, target)
    return runtime.load(target, num_threads=1)


@torch.no_grad()
def deviation(
    engine: torch.nn.Module, model: PreTrainedModel, unquantized: PreTrainedModel
) -> tuple[float, float]:
    """Mean error of an engine's outputs, and mean effect of quantization on them.

    Over batches of several sizes and lengths, padding left out where it has outputs.
    """
    errors, effects = [], []
    for seed in range(5, 9):
        batch = padded_batch(seed, 2 + seed, seed)
        expected, before = model(**batch), unquantized(**batch)
        for name, found in engine(**batch).items():
            assert found.shape == expected[name].shape
            counts = batch["attention_mask"].bool()
            if counts.shape != found.shape[:2]:
                counts = torch.ones(len(found), dtype=torch.bool)
            errors.append((found - expected[name])[counts].abs().mean())
            effects.append((before[name] - expected[name])[counts].abs().mean())
    return float(sum(errors)), float(sum(effects))
