"""The embedded default: generated language-like tasks, nothing to download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

from transformers import BertTokenizer

from qbert_lightning.datamodules import (
    synthetic_entailment,
    synthetic_entities,
    synthetic_roles,
    synthetic_sentiment,
)
from qbert_lightning.datamodules.base import DataSettings, TaskDataModule
from qbert_lightning.datamodules.encoding import Encoding
from qbert_lightning.datamodules.rows import Split, TaskSplits
from qbert_lightning.datamodules.sentence_encoding import SentenceEncoding
from qbert_lightning.datamodules.span_encoding import SpanEncoding
from qbert_lightning.datamodules.synthetic_language import build_vocabulary
from qbert_lightning.datamodules.synthetic_rows import Grammar, generate_rows
from qbert_lightning.datamodules.tag_encoding import TagEncoding
from qbert_lightning.errors import QbertError

GRAMMARS: dict[str, Callable[[int], Grammar]] = {
    "sentence": synthetic_sentiment.SentimentGrammar,
    "pair": synthetic_entailment.EntailmentGrammar,
    "tagging": synthetic_entities.EntityGrammar,
    "span": synthetic_roles.RoleGrammar,
}
SEEDS = 2**32


def synthetic_vocabulary() -> list[str]:
    """List the WordPiece entries of all four shapes.

    Example:
        >>> len(synthetic_vocabulary()) < 1000
        True
    """
    return build_vocabulary(
        synthetic_sentiment.WORDS
        | synthetic_entailment.WORDS
        | synthetic_entities.WORDS
        | synthetic_roles.WORDS
    )


class SyntheticDataModule(TaskDataModule):
    """A generated task of one of four shapes; a pure function of its arguments.

    Args:
        shape: ``"sentence"`` (sentiment), ``"pair"`` (entailment), ``"tagging"``
            (entities) or ``"span"`` (who did what).
        num_train: rows to train on.
        num_validation: rows to select on.
        num_test: reported rows.
        seed: decides lexicon and rows. It is not the run's seed, so that every run
            of a study has the same rows.
        max_length: most tokens of an input.
        settings: see `TaskDataModule`.

    Raises:
        QbertError: (code 2) an unknown shape, or a number outside its range.
    """

    def __init__(
        self,
        shape: str = "sentence",
        *,
        num_train: int = 16000,
        num_validation: int = 1000,
        num_test: int = 8000,
        seed: int = 0,
        max_length: int = 64,
        **settings: Unpack[DataSettings],
    ) -> None:
        if shape not in GRAMMARS:
            raise QbertError(f"task.data.shape={shape}: accepted {', '.join(GRAMMARS)}")
        counts = {"train": num_train, "validation": num_validation, "test": num_test}
        for split, count in counts.items():
            if count < 1:
                raise QbertError(f"task.data.num_{split}={count}: accepted 1 or more")
        if not 0 <= seed < SEEDS:
            raise QbertError(f"task.data.seed={seed}: accepted 0 to {SEEDS - 1}")
        super().__init__(_encoding(shape, max_length), **settings)
        self.shape = shape
        self.counts = counts
        self.data_seed = seed

    def own_tokenizer(self) -> BertTokenizer:
        """Make the tokenizer of the invented language, the same for all shapes."""
        entries = synthetic_vocabulary()
        return BertTokenizer(vocab={entry: i for i, entry in enumerate(entries)})

    def read(self) -> TaskSplits:
        """Generate all splits."""
        grammar = GRAMMARS[self.shape](self.data_seed)
        splits = {
            split: Split(
                name=f"synthetic {self.shape} {split}, {count} rows",
                rows=generate_rows(grammar, self.data_seed, split, count),
                source=f"generated with seed {self.data_seed}",
            )
            for split, count in self.counts.items()
        }
        return TaskSplits(
            train=splits["train"],
            validation=splits["validation"],
            tests={"test": splits["test"]},
            labels=grammar.labels,
        )


def _encoding(shape: str, max_length: int) -> Encoding:
    """How rows of a shape become model inputs."""
    if shape == "tagging":
        return TagEncoding(max_length)
    if shape == "span":
        return SpanEncoding(max_length, doc_stride=max(0, max_length // 4 - 2))
    return SentenceEncoding(max_length)
