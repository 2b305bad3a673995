"""Loss, gradient and curvature without padding are those of the whole model."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from transformers import (
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    PreTrainedModel,
)

from qbert_lightning.hessian import HessianOperator
from qbert_lightning.layers import apply_plan
from qbert_lightning.models import (
    double_differentiable_attention,
    encoder_blocks,
    needed_tokens_only,
)
from qbert_lightning.models.needed_tokens import NeededTokensEncoder
from qbert_lightning.modules import mean_loss, num_terms
from qbert_lightning.plan import QuantPlan, QuantScheme
from qbert_lightning.quantizers import AffineSpec
from tests.tiny import TINY_CONFIG, tiny_batch

Model = Callable[..., PreTrainedModel]


def built(kind: type[PreTrainedModel], **settings: object) -> PreTrainedModel:
    torch.manual_seed(0)
    model = kind(BertConfig(**{**TINY_CONFIG, **settings})).double()
    for parameter in model.parameters():  # the default 0.02 makes a flat loss
        nn.init.normal_(parameter, std=0.4)
    return model


def sentences(seed: int = 0) -> dict[str, Tensor]:
    batch = tiny_batch(seed=seed)
    batch["token_type_ids"] = torch.arange(9).expand(6, 9) // 3 % 2
    return batch


def tagged(seed: int = 0) -> dict[str, Tensor]:
    """Every third real token has no label."""
    batch = sentences(seed)
    labels, counts = batch["input_ids"] % 3, batch["input_ids"] % 5 > 1
    counts &= batch["attention_mask"] > 0
    return {**batch, "labels": torch.where(counts, labels, -100)}


TASKS = {
    "sentence": (BertForSequenceClassification, sentences),
    "tokens": (BertForTokenClassification, tagged),
}
task = pytest.mark.parametrize(("kind", "batch"), TASKS.values(), ids=TASKS)


def curvature(
    model: PreTrainedModel, blocks: list[str], batches: list[dict[str, Tensor]]
) -> tuple[float, Tensor, Tensor]:
    """Loss, gradient and a product of the Hessian."""
    named = {name: list(model.get_submodule(name).parameters()) for name in blocks}
    with HessianOperator(
        model,
        lambda batch: mean_loss(model, batch),
        named,
        batches,
        batch_weight=num_terms,
    ) as hessian:
        generator = torch.Generator().manual_seed(1)
        vector = torch.randn(hessian.size, dtype=torch.float64, generator=generator)
        return hessian.loss(), hessian.gradient(), hessian @ vector


@task
@pytest.mark.parametrize(
    "blocks",
    [
        ["bert.encoder.layer.0"],
        ["bert.encoder.layer.1"],
        ["bert.embeddings", "bert.encoder", "classifier"],
    ],
    ids=["lower", "last", "all"],
)
def test_curvature_does_not_change(
    kind: type[PreTrainedModel], batch: Callable[..., dict], blocks: list[str]
) -> None:
    model = built(kind)
    batches = [batch(0), {name: x[:3] for name, x in batch(1).items()}]
    with double_differentiable_attention(model):
        whole = curvature(model, blocks, batches)
        with needed_tokens_only(model):
            assert isinstance(model.bert.encoder, NeededTokensEncoder)
            needed = curvature(model, blocks, batches)
    assert whole[2].norm() > 0.01
    torch.testing.assert_close(needed, whole, rtol=1e-9, atol=1e-11)


@task
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("mask", ["none", "full", "left", "holes"])
def test_masks_of_every_kind(
    kind: type[PreTrainedModel], batch: Callable[..., dict], attention: str, mask: str
) -> None:
    model = built(kind).eval()
    model.set_attn_implementation(attention)
    given = batch()
    seen = given.pop("attention_mask")
    if mask == "left":
        seen = seen.flip(1)
    if mask == "holes":
        seen[:, 2] = 0
    if mask != "none":
        given["attention_mask"] = torch.ones_like(seen) if mask == "full" else seen
        if given["labels"].ndim > 1:
            given["labels"][given["attention_mask"] == 0] = -100
    whole = model(**given).loss
    with needed_tokens_only(model):
        torch.testing.assert_close(model(**given).loss, whole)


def test_a_row_of_which_nothing_is_seen_looks_at_all_of_it() -> None:
    model = built(BertForSequenceClassification).eval()
    batch = sentences()
    batch["attention_mask"][0] = 0
    with double_differentiable_attention(model):
        whole = model(**batch).logits
        with needed_tokens_only(model):
            torch.testing.assert_close(model(**batch).logits, whole)


def test_padding_and_other_tokens_of_the_last_layer_are_not_computed() -> None:
    model = built(BertForSequenceClassification).eval()
    batch, seen = sentences(), []

    def note(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        seen.append(output.shape[:-1].numel())

    for block in encoder_blocks(model).values():
        block.intermediate.register_forward_hook(note)
    with needed_tokens_only(model):
        model(**batch)
    assert seen == [int(batch["attention_mask"].sum()), 6]


def test_names_stay_and_all_is_put_back_also_after_an_error() -> None:
    model = built(BertForSequenceClassification)
    before, names = model.bert.encoder, [name for name, _ in model.named_parameters()]

    def interrupted() -> None:
        with needed_tokens_only(model):
            assert [name for name, _ in model.named_parameters()] == names
            assert list(encoder_blocks(model).values()) == list(before.layer)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert model.bert.encoder is before


def test_padding_counts_in_the_loss_of_spans() -> None:
    model = built(BertForQuestionAnswering)
    with needed_tokens_only(model):
        assert not isinstance(model.bert.encoder, NeededTokensEncoder)


@task
@pytest.mark.parametrize("key", ["output_hidden_states", "is_decoder"])
def test_every_token_counts_where_the_configuration_says_so(
    kind: type[PreTrainedModel], batch: Callable[..., dict], key: str
) -> None:
    model = built(kind, **{key: True})
    with needed_tokens_only(model):
        assert not isinstance(model.bert.encoder, NeededTokensEncoder)


def test_ranges_of_a_quantized_model_are_those_of_all_tokens() -> None:
    model = built(BertForSequenceClassification)
    scheme = QuantScheme(input=AffineSpec(8))
    apply_plan(model, QuantPlan({"bert.encoder.layer.0.output.dense": scheme}))
    with needed_tokens_only(model):
        assert not isinstance(model.bert.encoder, NeededTokensEncoder)
