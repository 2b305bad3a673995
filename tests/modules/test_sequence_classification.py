from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import Split, TaskSplits
from qbert_lightning.errors import QbertError
from qbert_lightning.modules import SequenceClassification, TaskModule
from tests.datamodules.in_memory import InMemory, sentence_splits
from tests.modules.training import make_module


def score(
    module: TaskModule, logits: torch.Tensor, labels: torch.Tensor
) -> dict[str, float]:
    metrics = module.metrics["test"]
    for part in (slice(0, 30), slice(30, None)):
        outputs = SimpleNamespace(logits=logits[part])
        module.update_metrics(metrics, outputs, {"labels": labels[part]})
    return {name: float(value) for name, value in metrics.compute().items()}


def test_classification_scores_equal_their_definitions(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    names = ["accuracy", "f1", "matthews"]
    data = InMemory(sentence_splits())
    module = make_module(SequenceClassification, data, tokenizer, names)
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(101, 2, generator=generator)
    labels = torch.randint(0, 2, (101,), generator=generator)
    guess, truth = logits.argmax(1).numpy(), labels.numpy()
    tp, tn = ((guess & truth) == 1).sum(), ((guess | truth) == 0).sum()
    fp, fn = ((guess - truth) == 1).sum(), ((truth - guess) == 1).sum()
    expected = {
        "accuracy": (guess == truth).mean(),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "matthews": np.corrcoef(guess, truth)[0, 1],
    }
    assert tp + tn + fp + fn == 101
    assert score(module, logits, labels) == pytest.approx(expected, abs=1e-5)


def regression_data() -> InMemory:
    given = sentence_splits(40, 10)
    rows = [row._replace(label=float(row.label)) for row in given.train.rows]
    split = Split("toy", rows, "memory")
    return InMemory(TaskSplits(split, {"test": split}))


def test_regression_scores_equal_scipy(tokenizer: PreTrainedTokenizerBase) -> None:
    module = make_module(
        SequenceClassification, regression_data(), tokenizer, ["pearson", "spearman"]
    )
    generator = torch.Generator().manual_seed(0)
    labels = torch.rand(101, generator=generator) * 5
    logits = labels[:, None] + torch.randn(101, 1, generator=generator)
    expected = {
        "pearson": pearsonr(logits[:, 0], labels).statistic,
        "spearman": spearmanr(logits[:, 0], labels).statistic,
    }
    assert score(module, logits, labels) == pytest.approx(expected, abs=1e-5)


def test_metrics_that_do_not_fit_the_task_are_refused(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    data = regression_data()
    with pytest.raises(QbertError, match="=accuracy: accepted pearson, spearman for"):
        make_module(SequenceClassification, data, tokenizer, ["accuracy"])
    given = sentence_splits()
    data = InMemory(TaskSplits(given.train, given.tests, ("a", "b", "c")))
    with pytest.raises(QbertError, match="=f1: accepted accuracy, matthews for 3"):
        make_module(SequenceClassification, data, tokenizer, ["f1"])
