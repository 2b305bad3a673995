"""Entities: the tags that evaluation scores, at their places in the text."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerBase

from qbert_lightning.datamodules import SyntheticDataModule, TaggedRow
from qbert_lightning.datamodules.collate import IGNORED_LABEL
from qbert_lightning.errors import QbertError
from qbert_lightning.export import load_packed
from qbert_lightning.export.task_card import TaskCard
from qbert_lightning.modules import EntityF1
from qbert_lightning.predict.base import Loaded
from qbert_lightning.predict.entities import EntityPredictor
from tests.predict.tiny_folder import TAGS, named, tiny_folder

MAX_LENGTH = 12  # short, so that sentences come in several inputs
ARCHITECTURE = "BertForTokenClassification"
TEXT = "  the cat, ran to Paris's zoo in London: U.S. dogs sat on the mat. "


def load(folder: Path, tokenizer: PreTrainedTokenizerBase) -> Loaded:
    card = TaskCard("token_classification", MAX_LENGTH)
    return Loaded(load_packed(folder)[0], tokenizer, card, 3)


@pytest.fixture(scope="module")
def predictor(
    tokenizer: PreTrainedTokenizerBase, tmp_path_factory: pytest.TempPathFactory
) -> EntityPredictor:
    folder = tmp_path_factory.mktemp("entities")
    tiny_folder(folder, ARCHITECTURE, tokenizer, **named(*TAGS))
    return EntityPredictor(load(folder, tokenizer))


def test_tags_are_those_that_evaluation_scores(tmp_path: Path) -> None:
    data = SyntheticDataModule(
        "tagging",
        num_train=4,
        num_validation=4,
        num_test=30,
        max_length=MAX_LENGTH,
        eval_batch_size=7,
    )
    tokenizer = data.own_tokenizer()
    data.use_tokenizer(tokenizer)
    assert data.labels is not None
    tiny_folder(tmp_path, ARCHITECTURE, tokenizer, **named(*data.labels))
    predictor = EntityPredictor(load(tmp_path, tokenizer))
    rows = [row for row in data.splits["test"].rows if isinstance(row, TaggedRow)]
    fields = [{"tokens": list(row.words)} for row in rows]
    answers = predictor.answers([predictor.from_fields(one) for one in fields])
    assert [len(answer["tags"]) for answer in answers] == [len(r.words) for r in rows]

    # As TokenClassification does it, input by input.
    expected: list[str] = []
    metric = EntityF1(data.labels)
    features = data.encoded("test").features
    assert len(features) > len(rows)
    for feature in features:
        ids = torch.as_tensor(feature["input_ids"]).long()[None]
        best = predictor.loaded.model(input_ids=ids).logits.argmax(dim=-1)
        labels = torch.as_tensor(feature["labels"]).long()[None]
        metric.update(best, labels)
        expected += [data.labels[tag] for tag in best[labels != IGNORED_LABEL]]
    assert [tag for answer in answers for tag in answer["tags"]] == expected
    assert len(set(expected)) > 2  # of some variety
    assert metric.predicted > 0


def test_entities_stand_where_they_say(predictor: EntityPredictor) -> None:
    texts = [TEXT, "", "\u200b \x00", "東京 Tokyo", TEXT * 5]
    answers = predictor.answers(predictor.from_arguments(texts))
    assert answers[1] == answers[2] == {"entities": []}
    for text, answer in zip(texts, answers, strict=True):
        last = 0
        for one in answer["entities"]:
            assert text[one["start"] : one["end"]] == one["text"]
            assert one["text"].strip() == one["text"] != ""
            assert one["start"] >= last
            assert one["label"] in ("PER", "LOC")
            assert 0 < one["score"] <= 1
            last = one["end"]
    late = [one["start"] for one in answers[-1]["entities"]]
    assert max(late) > 4 * len(TEXT)  # nothing was cut


def test_tokens_and_their_text_are_tagged_alike(predictor: EntityPredictor) -> None:
    tokens = ["the", "cat", "ran", "in", "London", ",", "not", "Paris"]
    asked = [
        predictor.from_fields({"tokens": tokens}),
        predictor.from_text(" ".join(tokens)),
    ]
    split, running = predictor.answers(asked)
    assert split["entities"] == running["entities"] != []
    assert len(split["tags"]) == len(tokens)


def test_a_score_is_the_mean_over_the_words(predictor: EntityPredictor) -> None:
    (answer,) = predictor.answers([predictor.from_text("London Paris a film")])
    (words,) = predictor.tagged([TaggedRow(("London", "Paris", "a", "film"), (0,) * 4)])
    assert [word.tag for word in words] != ["O"] * 4
    for one in answer["entities"]:
        count = len(one["text"].split())
        first = len("London Paris a film"[: one["start"]].split())
        scores = [word.score for word in words[first : first + count]]
        assert one["score"] == pytest.approx(sum(scores) / count, abs=1e-6)


def test_a_line_names_text_type_and_score(predictor: EntityPredictor) -> None:
    entities = [
        {"text": "Peter Blackburn", "label": "PER", "score": 0.987},
        {"text": "London", "label": "LOC", "score": 0.5},
    ]
    line = predictor.line({"entities": entities})
    assert line == "Peter Blackburn PER 0.99; London LOC 0.50"
    assert predictor.line({"entities": []}) == "-"


@pytest.mark.parametrize("tokens", ["the cat", ["the", 1], None])
def test_tokens_are_texts(tokens: object, predictor: EntityPredictor) -> None:
    with pytest.raises(ValueError, match="tokens"):
        predictor.from_fields({"tokens": tokens})


def test_labels_must_be_iob_tags(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    tiny_folder(tmp_path, ARCHITECTURE, tokenizer, **named("NOUN", "VERB"))
    with pytest.raises(QbertError, match="NOUN") as caught:
        EntityPredictor(load(tmp_path, tokenizer))
    assert caught.value.code == 4
