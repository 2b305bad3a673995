"""Labels of sentences: those of the model on each sentence alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import PreTrainedTokenizerBase

from qbert_lightning.export import load_packed
from qbert_lightning.export.task_card import TaskCard
from qbert_lightning.predict.base import Loaded
from qbert_lightning.predict.sentences import SentencePredictor
from tests.predict.tiny_folder import named, tiny_folder

LABELS = "bad", "good", "so so"
TEXTS = ["a good film", "", "the cat sat on the mat in paris", "zebra", "bad " * 99]


@pytest.fixture(scope="module")
def folder(
    tokenizer: PreTrainedTokenizerBase, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    place = tmp_path_factory.mktemp("sentences")
    return tiny_folder(
        place, "BertForSequenceClassification", tokenizer, **named(*LABELS)
    )


@pytest.fixture
def loaded(folder: Path, tokenizer: PreTrainedTokenizerBase) -> Loaded:
    card = TaskCard("sequence_classification", 32)
    return Loaded(load_packed(folder)[0], tokenizer, card, 2)


def with_card(loaded: Loaded, **values: Any) -> Loaded:  # noqa: ANN401
    card = TaskCard("sequence_classification", 32, **values)
    return Loaded(loaded.model, loaded.tokenizer, card, loaded.batch_size)


@torch.no_grad()
def alone(loaded: Loaded, *texts: str) -> torch.Tensor:
    """Probabilities of one input that is computed by itself."""
    inputs = loaded.tokenizer(
        *texts, truncation=True, max_length=32, return_tensors="pt"
    )
    return torch.softmax(loaded.model(**inputs).logits[0], dim=-1)


def test_answers_are_the_models_in_the_order_of_the_input(loaded: Loaded) -> None:
    predictor = SentencePredictor(loaded)
    asked = predictor.from_arguments(TEXTS)
    assert [one.fields for one in asked] == [{"text": text} for text in TEXTS]
    for text, answer in zip(TEXTS, predictor.answers(asked), strict=True):
        expected = dict(zip(LABELS, alone(loaded, text).tolist(), strict=True))
        assert answer["scores"] == pytest.approx(expected, abs=2e-6)
        assert answer["label"] == max(expected, key=expected.__getitem__)
        assert answer["score"] == max(answer["scores"].values())
        assert list(answer["scores"].values()) == sorted(
            answer["scores"].values(), reverse=True
        )


def test_pairs_and_sentences_may_be_mixed(loaded: Loaded) -> None:
    predictor = SentencePredictor(loaded)
    texts = ["a cat", "a cat\tthe dog", "a cat\tthe dog\tran", "the dog"]
    asked = predictor.from_arguments(texts)
    assert asked[2].fields == {"text": "a cat", "text_pair": "the dog\tran"}
    for text, answer in zip(texts, predictor.answers(asked), strict=True):
        expected = float(alone(loaded, *text.split("\t", 1)).max())
        assert answer["score"] == pytest.approx(expected, abs=2e-6)


def test_a_model_of_single_sentences_keeps_tabs(loaded: Loaded) -> None:
    predictor = SentencePredictor(with_card(loaded, pairs=False))
    assert predictor.from_text("a\tb").fields == {"text": "a\tb"}
    assert predictor.from_fields({"text": "a", "text_pair": "b"}).row.pair is None
    assert len(predictor.from_arguments(["a", "b"])) == 2


def test_a_model_of_pairs_wants_pairs(loaded: Loaded) -> None:
    predictor = SentencePredictor(with_card(loaded, pairs=True))
    (asked,) = predictor.from_arguments(["a", "b"])
    assert asked.row[:2] == ("a", "b")
    assert len(predictor.from_arguments(["a\tb", "c\td"])) == 2
    assert predictor.from_text("").row[:2] == ("", "")
    with pytest.raises(ValueError, match="tab"):
        predictor.from_text("alone")
    with pytest.raises(ValueError, match="premise and hypothesis"):
        predictor.from_fields({"text": "alone"})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"text": "a"}, ("a", None)),
        ({"sentence": "a", "idx": 1}, ("a", None)),
        ({"text": "a", "text_pair": "b"}, ("a", "b")),
        ({"sentence2": "b", "sentence1": "a"}, ("a", "b")),
        ({"premise": "a", "hypothesis": "b", "text": "c"}, ("a", "b")),
        ({"question": "a", "sentence": "b"}, ("a", "b")),
    ],
)
def test_objects_have_the_names_of_glue(
    fields: dict[str, Any], expected: tuple[str, str | None], loaded: Loaded
) -> None:
    asked = SentencePredictor(loaded).from_fields(fields)
    assert asked.row[:2] == expected
    assert asked.fields == fields


def test_top_k_limits_the_scores(loaded: Loaded) -> None:
    predictor = SentencePredictor(loaded, top_k=2)
    (answer,) = predictor.answers([predictor.from_text("a good film")])
    assert len(answer["scores"]) == 2
    one, other = answer["scores"].items()
    assert predictor.line(answer) == f"{one[0]} {one[1]:.2f}  {other[0]} {other[1]:.2f}"
    single = SentencePredictor(loaded)
    (answer,) = single.answers([single.from_text("a good film")])
    assert len(answer["scores"]) == 3
    assert single.line(answer) == f"{one[0]} {one[1]:.2f}"


def test_regression_gives_the_output_itself(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    tiny_folder(
        tmp_path,
        "BertForSequenceClassification",
        tokenizer,
        num_labels=1,
        problem_type="regression",
    )
    card = TaskCard("sequence_classification", 32, pairs=True)
    loaded = Loaded(load_packed(tmp_path)[0], tokenizer, card, 4)
    predictor = SentencePredictor(loaded)
    (answer,) = predictor.answers([predictor.from_text("a cat\tthe dog")])
    inputs = tokenizer("a cat", "the dog", return_tensors="pt")
    expected = loaded.model(**inputs).logits.item()
    assert answer == {"value": pytest.approx(expected, abs=2e-6)}
    assert predictor.line(answer) == f"{expected:.2f}"


@pytest.mark.real_data
def test_rows_of_sst2_get_the_labels_of_the_packed_model(
    minilm: Path, shared_data: Path, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer, BertForSequenceClassification

    from qbert_lightning.datamodules import GlueDataModule
    from qbert_lightning.export import save_packed
    from qbert_lightning.layers import apply_plan, layer_shapes
    from qbert_lightning.plan import QuantPlan, QuantScheme
    from qbert_lightning.quantizers import AffineSpec

    torch.manual_seed(0)
    model = BertForSequenceClassification.from_pretrained(minilm).eval()
    names = [name for name in layer_shapes(model) if "encoder" in name]
    plan = QuantPlan(dict.fromkeys(names, QuantScheme(weight=AffineSpec(8))))
    apply_plan(model, plan)
    tokenizer = AutoTokenizer.from_pretrained(minilm)
    save_packed(model, plan, tokenizer, tmp_path)
    card = TaskCard("sequence_classification", 32)
    loaded = Loaded(load_packed(tmp_path)[0], tokenizer, card, 8)
    predictor = SentencePredictor(loaded)
    rows = GlueDataModule("sst2", str(shared_data)).read().tests["test"].rows[:20]
    texts = [row.text for row in rows]
    answers = predictor.answers(predictor.from_arguments(texts))
    with torch.no_grad():
        for text, answer in zip(texts, answers, strict=True):
            scores = dict(enumerate(alone(loaded, text).tolist()))
            expected = {f"LABEL_{number}": score for number, score in scores.items()}
            assert answer["scores"] == pytest.approx(expected, abs=1e-4)
