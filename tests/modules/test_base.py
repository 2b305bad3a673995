from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import Batch, SentenceEncoding, TaskSplits
from qbert_lightning.errors import QbertError
from qbert_lightning.modules import SequenceClassification
from tests.datamodules.in_memory import InMemory, sentence_splits
from tests.modules.training import make_module, make_trainer


def test_a_model_learns_and_is_scored_on_the_reported_rows(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    data = InMemory(sentence_splits(200, 40), batch_size=20)
    module = make_module(
        SequenceClassification, data, tokenizer, ["accuracy"], prefix="float/"
    )
    trainer = make_trainer(max_epochs=4)
    trainer.fit(module, datamodule=data)
    logged = trainer.callback_metrics
    assert {"float/train/loss", "float/val/accuracy", "float/val/loss"} <= set(logged)
    scores = trainer.test(module, datamodule=data, verbose=False)
    assert scores == [{"float/test/accuracy": 1.0}]


def test_second_reported_split_is_scored_apart(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    given = sentence_splits(20, 10)
    rows = [row._replace(label=1 - row.label) for row in given.tests["test"].rows]
    flipped = type(given.train)("flipped", rows, "memory")
    tests = {"matched": given.tests["test"], "mismatched": flipped}
    data = InMemory(TaskSplits(given.train, tests, given.labels))
    module = make_module(SequenceClassification, data, tokenizer, ["accuracy"])
    (scores, _) = make_trainer().test(module, datamodule=data, verbose=False)
    assert set(scores) == {"test/accuracy", "test_mismatched/accuracy"}
    assert scores["test/accuracy"] + scores["test_mismatched/accuracy"] == 1.0


def test_training_has_dropout_although_models_come_in_evaluation_mode(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    seen = []

    def look(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        seen.append(all(module.training for module in model.modules()))
        return {"task": model(**batch).loss}

    data = InMemory(sentence_splits(40, 4), batch_size=20)
    module = make_module(
        SequenceClassification, data, tokenizer, ["accuracy"], objective=look
    )
    make_trainer(max_epochs=2).fit(module, datamodule=data)
    assert seen == [True] * 4


def test_every_epoch_has_its_own_order_given_by_the_seed(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    def orders(seed: int) -> list[list[list[int]]]:
        seen: list[list[list[int]]] = []

        def look(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
            seen.append(batch["input_ids"].tolist())
            return {"task": model(**batch).loss}

        data = InMemory(sentence_splits(80, 4), batch_size=8)
        data.set_seed(seed)
        module = make_module(
            SequenceClassification, data, tokenizer, ["accuracy"], objective=look
        )
        make_trainer(max_epochs=2).fit(module, datamodule=data)
        return seen

    first = orders(0)
    assert first[:10] != first[10:]
    assert orders(0) == first
    assert orders(1) != first


def test_loss_is_the_sum_of_the_named_terms(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    def two_terms(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        loss = model(**batch).loss
        return {"task": loss, "twice": 2 * loss}

    data = InMemory(sentence_splits(20, 4))
    module = make_module(
        SequenceClassification, data, tokenizer, ["accuracy"], objective=two_terms
    )
    trainer = make_trainer(max_steps=1)
    trainer.fit(module, datamodule=data)
    logged = trainer.callback_metrics
    assert logged["train/loss"] == pytest.approx(3 * float(logged["train/task"]))
    assert logged["train/twice"] == pytest.approx(2 * float(logged["train/task"]))


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_loss_that_is_not_finite_stops_the_run(
    tokenizer: PreTrainedTokenizerBase, value: float
) -> None:
    steps = []

    def breaks(model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        steps.append(1)
        loss = model(**batch).loss
        return {"task": loss * value if len(steps) == 3 else loss}

    data = InMemory(sentence_splits(100, 4), batch_size=8)
    module = make_module(
        SequenceClassification, data, tokenizer, ["accuracy"], objective=breaks
    )
    with pytest.raises(QbertError, match=r"train/loss=-?(nan|inf) at step 2") as error:
        make_trainer(max_epochs=1).fit(module, datamodule=data)
    assert error.value.code == 1
    assert all(bool(torch.isfinite(p).all()) for p in module.parameters())


def test_weights_that_are_not_finite_stop_the_run(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    data = InMemory(sentence_splits(20, 4))
    module = make_module(SequenceClassification, data, tokenizer, ["accuracy"])
    with torch.no_grad():
        module.model.bert.pooler.dense.bias[0] = torch.inf
    with pytest.raises(QbertError, match=r"pooler\.dense\.bias holds NaN") as error:
        module.on_train_end()
    assert error.value.code == 1


def test_unknown_metric_and_too_long_inputs_are_refused(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    data = InMemory(sentence_splits())
    with pytest.raises(QbertError, match="metrics=bleu: accepted accuracy, f1"):
        make_module(SequenceClassification, data, tokenizer, ["bleu"])
    with pytest.raises(QbertError, match="accepted at least one of accuracy"):
        make_module(SequenceClassification, data, tokenizer, [])
    data = InMemory(sentence_splits(), SentenceEncoding(65))
    with pytest.raises(QbertError, match="max_length=65: accepted at most 64"):
        make_module(SequenceClassification, data, tokenizer, ["accuracy"])


def test_training_without_end_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    data = InMemory(sentence_splits())
    module = make_module(SequenceClassification, data, tokenizer, ["accuracy"])
    with pytest.raises(QbertError, match="accepted a limit in one of them"):
        make_trainer(max_epochs=-1).fit(module, datamodule=data)
