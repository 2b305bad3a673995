"""Products against the explicit Hessian of small networks."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from qbert_lightning.errors import QbertError
from qbert_lightning.hessian import HessianOperator, top_eigenpairs
from tests.devices import on_every_device

if TYPE_CHECKING:
    from transformers import BertForSequenceClassification

    from tests.hessian.conftest import Problem


def materialise(hessian: HessianOperator) -> Tensor:
    identity = torch.eye(hessian.size, dtype=hessian.dtype)
    return torch.stack([hessian @ column for column in identity])


@pytest.mark.parametrize("names", [("0",), ("2",), ("4",), ("0", "4"), ("0", "2", "4")])
@pytest.mark.parametrize("cache_mib", [0.0, 0.001, 100.0])
def test_equals_the_explicit_hessian(
    problem: Problem, names: tuple[str, ...], cache_mib: float
) -> None:
    blocks = {name: problem.blocks[name] for name in names}
    with HessianOperator(
        problem.model, problem.loss, blocks, problem.batches, cache_mib=cache_mib
    ) as hessian:
        found = materialise(hessian)
    torch.testing.assert_close(found, problem.explicit(names), rtol=1e-10, atol=1e-12)


@on_every_device
def test_products_stay_on_their_device(problem: Problem, device: str) -> None:
    expected = problem.explicit(["0", "4"])
    blocks = {name: problem.blocks[name] for name in ("0", "4")}
    problem.model.to(device)  # parameters stay the same objects
    batches = [
        {name: each.to(device) for name, each in batch.items()}
        for batch in problem.batches
    ]
    with HessianOperator(problem.model, problem.loss, blocks, batches) as hessian:
        identity = torch.eye(hessian.size, dtype=hessian.dtype, device=device)
        found = torch.stack([hessian @ column for column in identity])
        [value] = top_eigenpairs(hessian).values
    assert found.device.type == device
    torch.testing.assert_close(found.cpu(), expected, rtol=1e-9, atol=1e-11)
    largest = torch.linalg.eigvalsh(expected).abs().max().item()
    assert abs(value) == pytest.approx(largest, rel=1e-3)


def test_float32_agrees_with_float64(problem: Problem) -> None:
    expected = problem.explicit(["2"])
    problem.model.float()
    batches = [{**batch, "x": batch["x"].float()} for batch in problem.batches]
    blocks = {"2": problem.blocks["2"]}
    with HessianOperator(problem.model, problem.loss, blocks, batches) as hessian:
        assert hessian.dtype == torch.float32
        found = materialise(hessian)
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("cache_mib", [0.0, 100.0])
def test_gradient_is_that_of_the_mean_loss(problem: Problem, cache_mib: float) -> None:
    names = ("0", "4")
    parameters = [each for name in names for each in problem.blocks[name]]
    rows = {
        key: torch.cat([batch[key] for batch in problem.batches])
        for key in ("x", "labels")
    }
    expected = torch.autograd.grad(problem.loss(rows), parameters)
    with HessianOperator(
        problem.model,
        problem.loss,
        {name: problem.blocks[name] for name in names},
        problem.batches,
        cache_mib=cache_mib,
    ) as hessian:
        found = hessian.gradient()
    torch.testing.assert_close(found, torch.cat([each.flatten() for each in expected]))
    assert not found.requires_grad


def test_batch_weight_changes_the_average(problem: Problem) -> None:
    blocks = {"4": problem.blocks["4"]}
    vector = torch.ones(10, dtype=torch.float64)
    products = []
    for batch in problem.batches:
        with HessianOperator(problem.model, problem.loss, blocks, [batch]) as hessian:
            products.append(hessian @ vector)
    with HessianOperator(
        problem.model,
        problem.loss,
        blocks,
        problem.batches,
        batch_weight=lambda batch: 1.0,
    ) as hessian:
        torch.testing.assert_close(hessian @ vector, sum(products) / 3)


def test_everything_is_restored(problem: Problem) -> None:
    problem.model.train()
    problem.model[1].eval()
    problem.model[0].weight.requires_grad_(False)
    blocks = {"0": problem.blocks["0"]}
    with HessianOperator(
        problem.model, problem.loss, blocks, problem.batches
    ) as hessian:
        assert not problem.model.training
        assert problem.model[0].weight.requires_grad
        assert not problem.model[4].weight.requires_grad
        with torch.no_grad():
            found = materialise(hessian)
    torch.testing.assert_close(found, problem.explicit(["0"]))
    assert problem.model.training
    assert not problem.model[1].training
    assert not problem.model[0].weight.requires_grad
    assert problem.model[4].weight.requires_grad
    assert all(parameter.grad is None for parameter in problem.model.parameters())
    with pytest.raises(RuntimeError, match="with"):
        _ = hessian @ torch.zeros(16, dtype=torch.float64)


def test_graphs_are_freed_at_once(problem: Problem) -> None:
    outputs: list[weakref.ref[Tensor]] = []

    def loss(batch: dict[str, Tensor]) -> Tensor:
        hidden = problem.model[:4](batch["x"])  # tanh, which saves its own output
        outputs.append(weakref.ref(hidden))
        return nn.functional.cross_entropy(problem.model[4](hidden), batch["labels"])

    blocks = {"0": problem.blocks["0"]}
    gc.disable()
    try:
        with HessianOperator(problem.model, loss, blocks, problem.batches) as hessian:
            _ = hessian @ torch.ones(16, dtype=torch.float64)
        assert all(output() is None for output in outputs)
    finally:
        gc.enable()


def test_dropout_is_off(problem: Problem) -> None:
    model = nn.Sequential(problem.model, nn.Dropout(0.5)).train()

    def loss(batch: dict[str, Tensor]) -> Tensor:
        return nn.functional.cross_entropy(model(batch["x"]), batch["labels"])

    blocks = {"4": problem.blocks["4"]}
    with HessianOperator(model, loss, blocks, problem.batches) as hessian:
        torch.testing.assert_close(materialise(hessian), problem.explicit(["4"]))


def test_the_loss_function_may_pop_keys(problem: Problem) -> None:
    def loss(batch: dict[str, Tensor]) -> Tensor:
        labels = batch.pop("labels")
        return nn.functional.cross_entropy(problem.model(batch["x"]), labels)

    blocks = {"4": problem.blocks["4"]}
    with HessianOperator(
        problem.model, loss, blocks, problem.batches, cache_mib=0
    ) as hessian:
        torch.testing.assert_close(materialise(hessian), problem.explicit(["4"]))


def test_straight_or_unused_parameters_have_no_curvature() -> None:
    model = nn.ModuleDict({"used": nn.Linear(2, 1), "idle": nn.Linear(2, 1)})
    batch = {"x": torch.randn(3, 2)}
    blocks = {name: list(layer.parameters()) for name, layer in model.items()}
    with HessianOperator(
        model, lambda batch: model["used"](batch["x"]).mean(), blocks, [batch]
    ) as hessian:
        assert float((hessian @ torch.ones(6)).abs().max()) == 0.0


def test_a_loss_that_is_not_finite_names_the_block(problem: Problem) -> None:
    problem.batches[1]["x"][0, 0] = float("nan")
    blocks = {"2": problem.blocks["2"]}
    hessian = HessianOperator(problem.model, problem.loss, blocks, problem.batches)
    with (
        pytest.raises(QbertError, match="hessian of 2, batch 1: the loss") as caught,
        hessian,
    ):
        _ = hessian @ torch.ones(20, dtype=torch.float64)
    assert caught.value.code == 1
    assert all(parameter.requires_grad for parameter in problem.model.parameters())


def test_a_product_that_is_not_finite_names_its_block() -> None:
    model = nn.ModuleDict({"good": nn.Linear(1, 1), "bad": nn.Linear(1, 1)})
    nn.init.zeros_(model["bad"].weight)
    nn.init.zeros_(model["bad"].bias)

    def loss(batch: dict[str, Tensor]) -> Tensor:  # |y|^1.5 has no curvature at 0
        good = model["good"](batch["x"]).square().mean()
        return good + model["bad"](batch["x"]).abs().pow(1.5).mean()

    blocks = {name: list(layer.parameters()) for name, layer in model.items()}
    with (
        pytest.raises(QbertError, match="hessian of bad: a product") as caught,
        HessianOperator(model, loss, blocks, [{"x": torch.ones(2, 1)}]) as hessian,
    ):
        _ = hessian @ torch.ones(4)
    assert caught.value.code == 1


def test_bert_with_padding_equals_the_explicit_hessian(
    tiny_bert: Callable[[str], BertForSequenceClassification],
    padded_batch: dict[str, Tensor],
) -> None:
    from tests.hessian.conftest import explicit_hessian

    model = tiny_bert("eager").eval()
    attention = model.bert.encoder.layer[0].attention.self
    parameters = [*attention.query.parameters(), *attention.value.parameters()]
    expected = explicit_hessian(
        model, parameters, lambda call: call(**padded_batch).loss
    )
    with HessianOperator(
        model, lambda batch: model(**batch).loss, {"qv": parameters}, [padded_batch]
    ) as hessian:
        found = materialise(hessian)
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10)
    assert float(expected.abs().max()) > 1e-3


def test_padding_has_no_influence(
    tiny_bert: Callable[[str], BertForSequenceClassification],
    padded_batch: dict[str, Tensor],
) -> None:
    model = tiny_bert("eager")
    blocks = {"0": list(model.bert.encoder.layer[0].parameters())}
    padding = padded_batch["attention_mask"] == 0
    other = {**padded_batch}
    other["input_ids"] = padded_batch["input_ids"].masked_fill(padding, 29)
    assert not torch.equal(other["input_ids"], padded_batch["input_ids"])
    products = []
    for batch in (padded_batch, other):
        with HessianOperator(
            model, lambda batch: model(**batch).loss, blocks, [batch]
        ) as hessian:
            products.append(hessian @ torch.ones(hessian.size, dtype=torch.float64))
    torch.testing.assert_close(*products)


def test_attention_without_second_derivative_is_refused(
    tiny_bert: Callable[[str], BertForSequenceClassification],
    padded_batch: dict[str, Tensor],
) -> None:
    model = tiny_bert("sdpa").float()
    blocks = {"layer.0": list(model.bert.encoder.layer[0].parameters())}
    with (
        pytest.raises(QbertError, match=r"layer\.0.*eager") as caught,
        HessianOperator(
            model, lambda batch: model(**batch).loss, blocks, [padded_batch]
        ) as hessian,
    ):
        _ = hessian @ torch.ones(hessian.size)
    assert caught.value.code == 2
    assert "\n" not in str(caught.value)


@pytest.mark.real_data
def test_a_real_encoder_agrees_with_finite_differences(minilm: Path) -> None:
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        minilm, attn_implementation="eager", use_safetensors=True
    ).double()
    batch = {
        "input_ids": torch.randint(1000, 20_000, (4, 8)),
        "attention_mask": torch.tensor([[1] * 8, [1] * 3 + [0] * 5] * 2),
        "labels": torch.tensor([0, 1, 1, 0]),
    }
    parameters = list(model.bert.encoder.layer[4].parameters())
    with HessianOperator(
        model, lambda batch: model(**batch).loss, {"4": parameters}, [batch]
    ) as hessian:
        vector = torch.randn(hessian.size, dtype=torch.float64)
        product = hessian @ vector
    gradients = []
    sizes = [parameter.numel() for parameter in parameters]
    for step in (1e-5, -2e-5):
        with torch.no_grad():
            for parameter, piece in zip(parameters, vector.split(sizes), strict=True):
                parameter.add_(piece.view_as(parameter), alpha=step)
        loss = model.eval()(**batch).loss
        found = torch.autograd.grad(loss, parameters)
        gradients.append(torch.cat([each.flatten() for each in found]))
    slope = (gradients[0] - gradients[1]) / 2e-5
    assert float((slope - product).norm() / product.norm()) < 1e-4
