"""What a folder tells about its task decides how it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from torch import nn
from transformers import BertForSequenceClassification, PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError
from qbert_lightning.export import load_checkpoint, load_packed, save_checkpoint
from qbert_lightning.export.task_card import TaskCard
from qbert_lightning.loading import FoundModel, load_model
from qbert_lightning.predict.opening import PREDICTORS, open_predictor
from qbert_lightning.predict.options import read_options
from tests.predict.tiny_folder import TAGS, named, tiny_folder

SENTENCES = "BertForSequenceClassification"
ANSWERS = "BertForQuestionAnswering"
CARD = TaskCard("question_answering", 40, None, 9, 5, 6)


@pytest.mark.parametrize(
    ("architecture", "head"),
    [
        (SENTENCES, "sequence_classification"),
        ("BertForTokenClassification", "token_classification"),
        (ANSWERS, "question_answering"),
    ],
)
def test_the_head_decides_and_a_folder_without_a_card_has_defaults(
    architecture: str, head: str, tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    tiny_folder(tmp_path, architecture, tokenizer, **named(*TAGS))
    predictor = open_predictor(read_options([str(tmp_path), "x"]))
    assert type(predictor) is type(
        PREDICTORS[head](predictor.loaded, read_options([str(tmp_path), "x"]))
    )
    limit = min(64, tokenizer.model_max_length)
    assert predictor.loaded.card == TaskCard(head, limit, doc_stride=limit // 4 - 2)
    assert predictor.loaded.batch_size == 32


def test_the_card_is_followed_and_max_length_comes_before_it(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    tiny_folder(tmp_path, ANSWERS, tokenizer, CARD)
    command = [str(tmp_path), "x", "--batch-size", "3"]
    assert open_predictor(read_options(command)).loaded.card == CARD
    for max_length in (8, 9, 20, 64):
        command = [str(tmp_path), "q", "a cat", "--max-length", str(max_length)]
        predictor = open_predictor(read_options(command))
        assert predictor.loaded.card.max_length == max_length
        assert len(predictor.answers(predictor.from_arguments(["q", "a cat"]))) == 1


@pytest.mark.parametrize(
    ("architecture", "options", "named_in_line"),
    [
        (SENTENCES, ["--question", "who"], "--question"),
        (ANSWERS, ["--top-k", "2"], "--top-k"),
        (SENTENCES, ["--max-length", "65"], "--max-length"),
        (SENTENCES, ["--max-length", "7"], "--max-length"),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(
    architecture: str,
    options: list[str],
    named_in_line: str,
    tokenizer: PreTrainedTokenizerBase,
    tmp_path: Path,
) -> None:
    tiny_folder(tmp_path, architecture, tokenizer)
    with pytest.raises(QbertError, match=named_in_line) as caught:
        open_predictor(read_options([str(tmp_path), "x", *options]))
    assert caught.value.code == 2


@pytest.mark.parametrize("change", [{"head": "token_classification"}, {"n": 65}])
def test_a_card_of_another_model_is_refused(
    change: dict[str, Any], tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    card = TaskCard(change.get("head", "question_answering"), change.get("n", 40))
    tiny_folder(tmp_path, ANSWERS, tokenizer, card)
    with pytest.raises(QbertError, match=r"task\.json") as caught:
        open_predictor(read_options([str(tmp_path), "x"]))
    assert caught.value.code == 4


@pytest.mark.parametrize(("doc_stride", "is_accepted"), [(16, True), (17, False)])
def test_windows_that_do_not_move_are_the_files_defect(
    doc_stride: int,
    is_accepted: bool,
    tokenizer: PreTrainedTokenizerBase,
    tmp_path: Path,
) -> None:
    card = TaskCard("question_answering", 40, doc_stride=doc_stride)
    tiny_folder(tmp_path, ANSWERS, tokenizer, card)
    if is_accepted:
        assert open_predictor(read_options([str(tmp_path), "x"])).loaded.card == card
        return
    with pytest.raises(QbertError, match=r"doc_stride=17: accepted 0 to 16") as caught:
        open_predictor(read_options([str(tmp_path), "x"]))
    assert caught.value.code == 4


def test_a_run_answers_from_the_model_it_shipped(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    stage, run = tmp_path / "stages/export/1", tmp_path / "runs/2"
    stage.mkdir(parents=True)
    run.mkdir(parents=True)
    tiny_folder(stage, SENTENCES, tokenizer)
    stages = {"export": {"folder": str(stage)}}
    (run / "run.json").write_text(json.dumps({"stages": stages}, allow_nan=False))
    predictor = open_predictor(read_options([str(run), "x"]))
    assert len(predictor.answers(predictor.from_arguments(["x"]))) == 1


def test_a_run_answers_as_it_is_asked_to(
    tokenizer: PreTrainedTokenizerBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages, run = {}, tmp_path / "runs/2"
    run.mkdir(parents=True)
    for name in ("finetune", "export", "deploy"):
        folder = tmp_path / "stages" / name / "1"
        folder.mkdir(parents=True)
        stages[name] = {"folder": str(tiny_folder(folder, SENTENCES, tokenizer))}
    (folder / "model.onnx").touch()
    (tmp_path / "stages/finetune/1/plan.json").unlink()
    (run / "run.json").write_text(json.dumps({"stages": stages}, allow_nan=False))
    asked = []

    def load(found: FoundModel) -> nn.Module:
        asked.append((found.folder.parent.name, found.kind))
        return load_packed(tmp_path / "stages/export/1")[0]

    monkeypatch.setattr(FoundModel, "load", load)
    for runtime in ("onnxruntime", "float", "packed", "integer"):
        open_predictor(read_options([str(run), "x", "--runtime", runtime]))
    open_predictor(read_options([str(run), "x"]))
    assert asked == [
        ("deploy", "onnxruntime"),
        ("finetune", "float"),
        ("export", "packed"),
        ("export", "integer"),
        ("export", "packed"),
    ]


@pytest.mark.parametrize("is_quantized", [True, False])
def test_checkpoints_and_float_models_answer_too(
    is_quantized: bool, tokenizer: PreTrainedTokenizerBase, tmp_path: Path
) -> None:
    folder = tiny_folder(tmp_path, SENTENCES, tokenizer, save=save_checkpoint)
    if not is_quantized:
        config = load_checkpoint(folder)[0].config
        folder = tmp_path / "float"
        BertForSequenceClassification(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    predictor = open_predictor(read_options([str(folder), "a cat"]))
    (answer,) = predictor.answers(predictor.from_arguments(["a cat"]))
    model = load_model(folder)
    logits = model(**tokenizer("a cat", return_tensors="pt")).logits
    assert answer["score"] == pytest.approx(logits.softmax(-1).max().item(), abs=1e-6)
    with pytest.raises(QbertError, match=r"--runtime packed: .*: accepted a p") as no:
        open_predictor(read_options([str(folder), "x", "--runtime", "packed"]))
    assert no.value.code == 2
