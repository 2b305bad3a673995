"""The predictor for a folder: what its model and its task card tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from qbert_lightning.errors import DATA, USAGE, QbertError
from qbert_lightning.export.locate import RUN_FILE, model_folder
from qbert_lightning.export.task_card import TaskCard
from qbert_lightning.models import load_tokenizer, longest_input
from qbert_lightning.models.skeleton import task_head
from qbert_lightning.predict.answers import AnswerPredictor
from qbert_lightning.predict.base import Loaded, Predictor
from qbert_lightning.predict.entities import EntityPredictor
from qbert_lightning.predict.loading import PACKED, RUNTIMES, load_model
from qbert_lightning.predict.options import Options
from qbert_lightning.predict.sentences import SentencePredictor

PREDICTORS: Mapping[str, Callable[[Loaded, Options], Predictor]] = {
    "sequence_classification": lambda loaded, options: SentencePredictor(
        loaded, options.top_k
    ),
    "token_classification": lambda loaded, options: EntityPredictor(loaded),
    "question_answering": lambda loaded, options: AnswerPredictor(
        loaded, options.question
    ),
}
# Options that only one kind of task understands.
OWNERS = {"top_k": "sequence_classification", "question": "question_answering"}


def open_predictor(options: Options) -> Predictor:
    """Load a folder's model and prepare its task.

    Args:
        options: the command line's.

    Raises:
        QbertError: (code 2) an option that the model's task has no use for; (code 4) a
            broken folder.
    """
    if (options.folder / RUN_FILE).is_file():
        file = RUNTIMES[options.runtime or PACKED].files[0]
        options = replace(options, folder=model_folder(options.folder, file))
    model = load_model(options.folder, options.runtime)
    config: Any = model.config
    head = task_head(config, str(options.folder))
    for name, owner in OWNERS.items():
        if getattr(options, name) is not None and owner != head:
            flag = f"--{name.replace('_', '-')}"
            raise QbertError(
                f"{flag}: accepted with {owner.replace('_', ' ')}, and "
                f"{options.folder} is for {head.replace('_', ' ')}",
                USAGE,
            )
    tokenizer = load_tokenizer(str(options.folder))
    longest = longest_input(config)
    limit = min(longest, tokenizer.model_max_length)
    card = TaskCard.read(options.folder) or _fitted(TaskCard(head, limit), limit)
    if card.head != head or card.max_length > longest:
        raise QbertError(
            f"{options.folder}: task.json has {card.head} of {card.max_length} tokens: "
            f"accepted {head} of at most {longest}",
            DATA,
        )
    if options.max_length is not None:
        if not 8 <= options.max_length <= limit:
            raise QbertError(
                f"--max-length={options.max_length}: accepted 8 to {limit}", USAGE
            )
        card = _fitted(card, options.max_length)
    return PREDICTORS[head](Loaded(model, tokenizer, card, options.batch_size), options)


def _fitted(card: TaskCard, max_length: int) -> TaskCard:
    """A card for inputs of another length, in which windows still move forward."""
    stride = min(card.doc_stride, max(0, max_length // 4 - 2))
    return replace(card, max_length=max_length, doc_stride=stride)
