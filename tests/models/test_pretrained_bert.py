from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerBase

from qbert_lightning.errors import QbertError
from qbert_lightning.models import PretrainedBert, encoder_blocks
from tests.models.checkpoints import save_checkpoint

HEAD = "sequence_classification"
LABELS = ["no", "yes"]


def rewrite_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_encoder_and_head_of_the_same_task_are_loaded(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    saved = save_checkpoint(tmp_path, tokenizer, HEAD, LABELS)
    loaded = PretrainedBert(str(tmp_path)).build(HEAD, LABELS, tokenizer)
    for (name, one), (_, two) in zip(
        saved.named_parameters(), loaded.named_parameters(), strict=True
    ):
        assert torch.equal(one, two), name


def test_another_task_gets_a_new_head(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    saved = save_checkpoint(
        tmp_path, tokenizer, "token_classification", ["O", "B", "I"]
    )
    loaded = PretrainedBert(str(tmp_path)).build(HEAD, LABELS, tokenizer)
    assert loaded.classifier.weight.shape[0] == 2
    assert torch.equal(
        saved.bert.encoder.layer[1].output.dense.weight,
        loaded.bert.encoder.layer[1].output.dense.weight,
    )


@pytest.mark.parametrize("labels", [["yes", "no"], ["no", "yes", "maybe"], None])
def test_other_labels_of_the_same_task_are_refused(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase, labels: list[str] | None
) -> None:
    save_checkpoint(tmp_path, tokenizer, HEAD, LABELS)
    with pytest.raises(QbertError, match=r"labels in the order \['no', 'yes'\]") as e:
        PretrainedBert(str(tmp_path)).build(HEAD, labels, tokenizer)
    assert e.value.code == 4


def test_nameless_labels_are_taken_by_their_count(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    save_checkpoint(tmp_path, tokenizer, HEAD, ["LABEL_0", "LABEL_1"])
    loaded = PretrainedBert(str(tmp_path)).build(HEAD, LABELS, tokenizer)
    assert loaded.config.id2label == {0: "no", 1: "yes"}


def test_other_architecture_is_refused(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    save_checkpoint(tmp_path, tokenizer, HEAD, LABELS)
    rewrite_config(tmp_path, model_type="distilbert")
    with pytest.raises(QbertError, match=r"model_type .distilbert.: accepted bert"):
        PretrainedBert(str(tmp_path)).build(HEAD, LABELS, tokenizer)


def test_missing_encoder_weights_are_refused(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    save_checkpoint(tmp_path, tokenizer, HEAD, LABELS)
    rewrite_config(tmp_path, num_hidden_layers=3)
    with pytest.raises(QbertError, match=r"first bert\.encoder\.layer\.2\.") as error:
        PretrainedBert(str(tmp_path)).build(HEAD, LABELS, tokenizer)
    assert error.value.code == 4


def test_weights_that_are_not_finite_are_refused(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    model = save_checkpoint(tmp_path, tokenizer, HEAD, LABELS)
    with torch.no_grad():
        model.bert.pooler.dense.weight[0, 0] = torch.nan
    model.save_pretrained(tmp_path)
    with pytest.raises(QbertError, match=r"pooler\.dense\.weight holds NaN"):
        PretrainedBert(str(tmp_path)).build(HEAD, LABELS, tokenizer)


def test_tokenizer_with_more_entries_than_the_model_is_refused(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    save_checkpoint(tmp_path, tokenizer, HEAD, LABELS)
    rewrite_config(tmp_path, vocab_size=10)
    with pytest.raises(QbertError, match="158 entries and the model 10"):
        PretrainedBert(str(tmp_path)).build(HEAD, LABELS, tokenizer)


def test_broken_and_missing_weights_are_refused(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase
) -> None:
    save_checkpoint(tmp_path, tokenizer, HEAD, LABELS)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])
    for _ in range(2):
        with pytest.raises(QbertError, match=r"model\.safetensors") as error:
            PretrainedBert(str(tmp_path)).build(HEAD, LABELS, tokenizer)
        assert error.value.code == 4
        assert "\n" not in str(error.value)
        weights.unlink(missing_ok=True)


@pytest.mark.real_data
def test_real_checkpoint(minilm: Path) -> None:
    source = PretrainedBert(str(minilm))
    tokenizer = source.tokenizer()
    model = source.build(HEAD, LABELS, tokenizer)
    assert tokenizer("hello world")["input_ids"] == [101, 7592, 2088, 102]
    assert model.num_parameters() == 22_713_216 + 2 * 384 + 2
    assert model.dtype == torch.float32


@pytest.mark.parametrize("family", ["roberta", "electra"])
@pytest.mark.parametrize(
    "head", ["sequence_classification", "token_classification", "question_answering"]
)
def test_the_family_shares_names_of_blocks_and_tables(
    tmp_path: Path, tokenizer: PreTrainedTokenizerBase, family: str, head: str
) -> None:
    config = AutoConfig.for_model(
        family,
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=20,
        pad_token_id=tokenizer.pad_token_id,
    )
    AutoModel.from_config(config).save_pretrained(tmp_path)
    labels = None if head == "question_answering" else LABELS
    model = PretrainedBert(str(tmp_path)).build(head, labels, tokenizer)
    assert len(encoder_blocks(model)) == 2
    names = [name for name, _ in model.named_modules()]
    for table in ("word_embeddings", "position_embeddings", "token_type_embeddings"):
        assert any(name.endswith(f".{table}") for name in names)
    encoded = tokenizer(["a b", "c"], padding=True, return_tensors="pt")
    assert torch.isfinite(model(**encoded)[0]).all()
