"""The predictor for a folder: what its model and its task card tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from qbert_lightning.datamodules.span_encoding import largest_stride
from qbert_lightning.errors import DATA, USAGE, QbertError
from qbert_lightning.export.task_card import TaskCard
from qbert_lightning.loading import KINDS, find_model
from qbert_lightning.models import load_tokenizer, longest_input
from qbert_lightning.models.skeleton import task_head
from qbert_lightning.predict.answers import AnswerPredictor
from qbert_lightning.predict.base import Loaded, Predictor
from qbert_lightning.predict.entities import EntityPredictor
from qbert_lightning.predict.options import Options
from qbert_lightning.predict.sentences import SentencePredictor

ANSWERS = "question_answering"
PREDICTORS: Mapping[str, Callable[[Loaded, Options], Predictor]] = {
    "sequence_classification": lambda loaded, options: SentencePredictor(
        loaded, options.top_k
    ),
    "token_classification": lambda loaded, options: EntityPredictor(loaded),
    ANSWERS: lambda loaded, options: AnswerPredictor(loaded, options.question),
}
# Options that only one kind of task understands.
OWNERS = {"top_k": "sequence_classification", "question": ANSWERS}


def open_predictor(options: Options) -> Predictor:
    """Load a folder's model and prepare its task.

    Args:
        options: the command line's.

    Raises:
        QbertError: (code 2) an option that the model's task has no use for; (code 4) a
            broken folder.
    """
    kinds = (options.runtime,) if options.runtime else tuple(KINDS)
    found = find_model(options.folder, kinds, f"--runtime {options.runtime}")
    model, folder = found.load(), found.folder
    config: Any = model.config
    head = task_head(config, str(folder))
    for name, owner in OWNERS.items():
        if getattr(options, name) is not None and owner != head:
            flag = f"--{name.replace('_', '-')}"
            raise QbertError(
                f"{flag}: accepted with {owner.replace('_', ' ')}, and "
                f"{folder} is for {head.replace('_', ' ')}",
                USAGE,
            )
    tokenizer = load_tokenizer(str(folder))
    limit = min(longest_input(config), tokenizer.model_max_length)
    card = TaskCard.read(folder) or _fitted(TaskCard(head, limit), limit)
    _check(card, head, longest_input(config), folder)
    if options.max_length is not None:
        if not 8 <= options.max_length <= limit:
            raise QbertError(
                f"--max-length={options.max_length}: accepted 8 to {limit}", USAGE
            )
        card = _fitted(card, options.max_length)
    return PREDICTORS[head](Loaded(model, tokenizer, card, options.batch_size), options)


def _check(card: TaskCard, head: str, longest: int, folder: Path) -> None:
    """Refuse the card of another model, or windows that would not move forward."""
    if card.head != head or card.max_length > longest:
        raise QbertError(
            f"{folder}: task.json has {card.head} of {card.max_length} tokens: "
            f"accepted {head} of at most {longest}",
            DATA,
        )
    most = largest_stride(card.max_length)
    if head == ANSWERS and card.doc_stride > most:
        raise QbertError(
            f"{folder}: task.json has doc_stride={card.doc_stride}: accepted 0 to "
            f"{most} with max_length={card.max_length}",
            DATA,
        )


def _fitted(card: TaskCard, max_length: int) -> TaskCard:
    """A card for inputs of another length, in which windows still move forward."""
    stride = min(card.doc_stride, max(0, max_length // 4 - 2))
    return replace(card, max_length=max_length, doc_stride=stride)
