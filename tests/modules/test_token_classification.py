from __future__ import annotations

from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import Split, TagEncoding, TaggedRow, TaskSplits
from qbert_lightning.modules import TokenClassification
from tests.datamodules.in_memory import InMemory
from tests.modules.training import make_module, make_trainer

PLACES = {"paris": 1, "london": 1}


def rows(count: int) -> list[TaggedRow]:
    """Every place is an entity; words of several pieces stand in between."""
    words = ["the", "xyz", "paris", "cat", "london", "in"]
    made = []
    for number in range(count):
        own = tuple(
            words[(number * step + step) % 6] for step in range(1, 3 + number % 5)
        )
        made.append(TaggedRow(own, tuple(PLACES.get(word, 0) for word in own)))
    return made


def test_a_model_learns_entities(tokenizer: PreTrainedTokenizerBase) -> None:
    splits = TaskSplits(
        Split("train", rows(200), "memory"),
        {"test": Split("dev", rows(40), "memory")},
        ("O", "B-LOC", "I-LOC"),
    )
    data = InMemory(splits, TagEncoding(32), batch_size=20)
    metrics = ["f1", "precision", "recall", "accuracy"]
    module = make_module(TokenClassification, data, tokenizer, metrics)
    trainer = make_trainer(max_epochs=4)
    trainer.fit(module, datamodule=data)
    (scores,) = trainer.test(module, datamodule=data, verbose=False)
    assert scores == {f"test/{name}": 1.0 for name in metrics}
